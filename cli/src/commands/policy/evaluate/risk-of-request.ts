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

/** The risk of a plan with a single request, and its requirements or why it is refused. */
export interface RequestRisk {
  readonly level: RiskLevel;
  readonly why: readonly string[];
  readonly requirements: Requirements;
  readonly refusals: readonly Refusal[];
}

/**
 * Evaluates the plan that a request would lead to. Its changes are unknown before a rehearsal: it is treated as a change of the spec that
 * can be rolled back, so a real plan may have a higher risk, or a lower one if only labels change.
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
