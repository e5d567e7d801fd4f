import type { Effect, RiskLevel } from '@sentinel/crds';
import { judgePlan } from '../approval/requirements.ts';
import { type PolicySet, policyName } from '../policyset/policy-set.ts';
import type { Refusal } from '../verdict/verdict.ts';
import { type AdmissionFacts, admit } from './admit.ts';

/** What `auditOnly` policies would have refused before the rehearsal of an action. */
export function auditAdmission(facts: AdmissionFacts): Refusal[] {
  return ofAuditing(facts.policies, (policies) => admit({ ...facts, policies }));
}

/** What they would have refused in its plan. */
export function auditPlan(set: PolicySet, actionNamespace: string, effects: readonly Effect[], risk: RiskLevel): Refusal[] {
  return ofAuditing(set, (policies) => judgePlan(policies, actionNamespace, effects, risk).refusals);
}

// Each is evaluated separately together with the policies in force, because only one of several refusing policies would be named.
function ofAuditing(set: PolicySet, judge: (set: PolicySet) => readonly Refusal[]): Refusal[] {
  return (set.auditOnly ?? []).flatMap((policy) =>
    judge({ ...set, policies: [...set.policies, policy], refusals: [] }).filter(
      (refusal) => refusal.policy === policyName(policy),
    ),
  );
}
