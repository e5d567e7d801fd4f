import { type PolicySet, policyName } from '../policyset/policy-set.ts';
import type { Refusal } from '../verdict/verdict.ts';
import { type DecisionRecord, parseDecisions } from './tally.ts';

/** How often people may ask for changes of one action if no policy says otherwise. */
export const REVISIONS_DEFAULT = 3;

// Seals are not verified: whatever claims to be a request can only tighten.
const requestsIn = (approvals: string | undefined): DecisionRecord[] =>
  parseDecisions(approvals).records.filter(({ decision }) => decision === 'request-changes');

/** Whether anybody ever asked for changes of an action: from then on each of its plans needs a person. */
export const hasRequestedChanges = (approvals: string | undefined): boolean => requestsIn(approvals).length > 0;

/** Refusals of one more request for changes, about the plan with this digest. Several requests about one plan are one revision. */
export function judgeRevision(set: PolicySet, approvals: string | undefined, plan: string): Refusal[] {
  const others = new Set(requestsIn(approvals).map((record) => record.plan));
  others.delete(plan);
  const refuse = (policy: string, most: number): Refusal[] =>
    others.size < most
      ? []
      : [
          {
            code: 'RevisionLimitExceeded',
            policy,
            rule: 'limits.revisions',
            message: `people have asked for changes of this action ${others.size} times; at most ${most} are allowed`,
          },
        ];
  const limits = set.policies.flatMap((policy) => {
    const most = policy.spec?.limits?.revisions;
    return most === undefined ? [] : [{ policy: policyName(policy), most, isFloor: policy.kind === 'ClusterAgentPolicy' }];
  });
  // A policy of a namespace can only lower the default.
  const byDefault = limits.some(({ isFloor }) => isFloor) ? [] : [{ policy: 'Sentinel', most: REVISIONS_DEFAULT }];
  return [...limits, ...byDefault].flatMap(({ policy, most }) => refuse(policy, most));
}
