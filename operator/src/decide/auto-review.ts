import type { Effect, RiskLevel } from '@sentinel/crds';
import { asksOf, isAdHoc, runsSinceFailure, whyPerson } from '@sentinel/policy';
import { activityOf } from '../facts/activity.ts';
import type { Facts } from '../facts/facts.ts';

/** What was found out about a plan. */
export interface Findings {
  readonly effects: readonly Effect[];
  readonly risk: RiskLevel;
  readonly undeclared: readonly string[];
  readonly notObservable: readonly string[];
  /** What the commands ask a person for, where not all of that may be said. */
  readonly asks?: readonly string[];
}

/** Why a plan needs a person; see `whyPerson`. Runs are counted in live facts alone, where a start is decided. */
export function reasonsForPerson(facts: Facts, findings: Findings): string[] | undefined {
  const { policies, action, playbook, trust, activity, live } = facts;
  return whyPerson({
    ...findings,
    policies,
    namespace: action.metadata.namespace ?? '',
    playbook,
    trust,
    adHoc: isAdHoc(action.spec),
    asks: findings.asks ?? (playbook ? asksOf(policies, playbook.spec, action.spec.parameters) : []),
    succeeded: live ? runsSinceFailure(activityOf(action), activity) : undefined,
  });
}
