import type { Effect, RiskLevel } from '@sentinel/crds';
import { judgePlan } from '../approval/requirements.ts';
import { type PolicySet, policyName } from '../policyset/policy-set.ts';
import type { Refusal } from '../verdict/verdict.ts';
import { type AdmissionFacts, admit } from './admit.ts';

/** What the policies that only audit would have refused of an action before its rehearsal. */
export function auditAdmission(facts: AdmissionFacts): Refusal[] {
  return ofAuditing(facts.policies, (policies) => admit({ ...facts, policies }));
}

/** What they would have refused of its plan. */
export function auditPlan(set: PolicySet, actionNamespace: string, effects: readonly Effect[], risk: RiskLevel): Refusal[] {
  return ofAuditing(set, (policies) => judgePlan(policies, actionNamespace, effects, risk).refusals);
}

// Each for itself beside what is in force: of several that refuse one request, only one would be named.
function ofAuditing(set: PolicySet, judge: (set: PolicySet) => readonly Refusal[]): Refusal[] {
  return (set.auditOnly ?? []).flatMap((policy) =>
    judge({ ...set, policies: [...set.policies, policy], refusals: [] }).filter(
      (refusal) => refusal.policy === policyName(policy),
    ),
  );
}
