import type { RiskLevel } from '@sentinel/crds';
import {
  type ApiRequest,
  computeRisk,
  judgeHighRisk,
  judgePlan,
  type PolicySet,
  type Refusal,
  type Requirements,
} from '@sentinel/policy';
import { effectOf } from './effects.ts';

/** The risk of a plan that holds one request alone, and what it needs or why it is refused. */
export interface RequestRisk {
  readonly level: RiskLevel;
  readonly why: readonly string[];
  readonly requirements: Requirements;
  readonly refusals: readonly Refusal[];
}

/**
 * Judges the plan that a request would lead to. What it changes is not known before a rehearsal: it is taken for a change of the
 * spec that can be taken back, so that a real plan may be of a higher risk, or of a lower one when only labels change.
 */
export function riskOfRequest(set: PolicySet, namespace: string, request: ApiRequest): RequestRisk {
  const effect = effectOf(request);
  const { level, parts } = computeRisk({
    effects: [effect],
    undeclared: [],
    notObservable: [],
    environment: set.environment,
    floor: undefined,
    raised: judgeHighRisk(set, [effect]).raised,
  });
  const { refusals, requirements } = judgePlan({ ...set, refusals: [] }, namespace, [effect], level);
  return { level, why: parts.map(({ message }) => message), requirements, refusals };
}
