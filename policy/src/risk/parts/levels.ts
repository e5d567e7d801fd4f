import type { RiskLevel, RiskPart } from '@sentinel/crds';
import { higher } from '../../verdict/order.ts';
import { clip } from '../part.ts';
import { count } from '../words.ts';

const RAISED = 8;

/** What a model makes of a plan. It has no points: it can raise the level, and nothing else. */
export interface ModelOpinion {
  readonly level: RiskLevel;
  readonly message: string;
}

/** Levels that others set, without points: rules of high risk, the floor of the Playbook, the opinion of a model. */
export function partsOfOthers(
  raised: readonly RiskPart[],
  floor: RiskLevel | undefined,
  opinion: ModelOpinion | undefined,
): RiskPart[] {
  const rest = raised.slice(RAISED);
  const worst = rest.reduce<RiskLevel>((level, one) => higher(level, one.level ?? 'Low'), 'Low');
  const points = rest.reduce((sum, one) => sum + one.points, 0);
  return [
    ...raised.slice(0, RAISED),
    ...(rest.length > 0
      ? [{ rule: 'highRisk', points, level: worst, message: `${count(rest.length, 'more rule')} of high risk` }]
      : []),
    ...(floor ? [{ rule: 'floor', points: 0, level: floor, message: 'the Playbook says that it is at least this' }] : []),
    ...(opinion ? [{ rule: 'opinion', points: 0, level: opinion.level, message: clip(`a model says: ${opinion.message}`) }] : []),
  ];
}
