import { type ActionPlanSpec, type AgentAction, type AgentActionSpec, AMENDMENTS_MAX, digestOf } from '@sentinel/crds';
import type { Identity } from '../identity/identity.ts';
import { type PolicySet, policyName } from '../policyset/policy-set.ts';
import { isSchedule } from '../schedule/scheduled-action.ts';
import type { PolicyErrorCode } from '../verdict/policy-errors.ts';
import type { Refusal } from '../verdict/verdict.ts';

/** Whether an action amends another one. */
export const isAmendment = ({ amends }: Pick<AgentActionSpec, 'amends'>): boolean => amends !== undefined;

/** Which amendment a plan is, counted from the first blocked run; 0 for a plan that amends none. */
export const roundOf = ({ amends }: Pick<ActionPlanSpec, 'amends'>): number => amends?.round ?? 0;

/**
 * The digest of what an amendment must have in common with the action that it amends: everything that decides what runs, where, and against
 * whose limits it counts. What the agent says of it, and a cancellation, may differ.
 */
export function repeatedWork(spec: AgentActionSpec): string {
  const { amends: _, intent, cancelled: __, cancelComment: ___, ...work } = spec;
  return digestOf({ ...work, parentAction: intent.parentAction ?? null });
}

/** Refusals of the amendment with this number, by the lowest `limits.amendments`. */
export function judgeRounds(set: PolicySet, round: number): Refusal[] {
  const limits = set.policies.flatMap((policy) => {
    const most = policy.spec?.limits?.amendments;
    return most === undefined ? [] : [{ policy: policyName(policy), most }];
  });
  return [...limits, { policy: 'Sentinel', most: AMENDMENTS_MAX }]
    .filter(({ most }) => round > most)
    .map(({ policy, most }) => ({
      code: 'AmendmentLimitExceeded',
      policy,
      rule: 'limits.amendments',
      message:
        most === 0 ? 'plans may not be amended' : `it would be amendment ${round} of the first plan; at most ${most} are allowed`,
    }));
}

/** Why no amendment of a blocked run may be offered because of who asked for it and what it is; undefined if one may be. */
export function unamendable(
  spec: AgentActionSpec,
  requester: Identity,
  editors: readonly Pick<Identity, 'user'>[],
): string | undefined {
  if (spec.playbookRef === undefined && spec.steps === undefined) return 'only the run of a Playbook or of steps can be amended';
  if (isSchedule(requester)) return 'the action was created by a schedule, which makes a new plan at its next time';
  // They wrote a part of the work, and would not count as its authors in another action.
  if (editors.some(({ user }) => user !== requester.user)) return 'another person than its requester has edited the action';
  return undefined;
}

/** The facts about an amendment and the action that it amends. */
export interface AmendmentFacts {
  readonly spec: AgentActionSpec;
  readonly requester: Identity;
  /** The action that it names; undefined if it does not exist. */
  readonly amended: Pick<AgentAction, 'metadata' | 'spec' | 'status'> | undefined;
  /** Who created that action. */
  readonly amendedRequester: Identity | undefined;
}

/**
 * Refusals of an action that amends another one, from the objects alone; empty for every other action. The gateway compares it with its own
 * record of the blocked run as well.
 */
export function judgeAmendment({ spec, requester, amended, amendedRequester }: AmendmentFacts): Refusal[] {
  if (!spec.amends) return [];
  const refuse = (code: PolicyErrorCode, message: string): Refusal[] => [{ code, policy: 'Sentinel', rule: 'amends', message }];
  const { name, uid } = spec.amends;
  if (!amended || amended.metadata.uid !== uid)
    return refuse('AmendmentNotOffered', `there is no action '${name}' with this uid in this namespace`);
  const state = amended.status?.conditions?.find(({ type }) => type === 'Succeeded')?.reason ?? 'Pending';
  if (state !== 'Blocked') return refuse('AmendmentNotOffered', `action '${name}' is ${state}, not Blocked`);
  const { offered, reason } = amended.status?.amendment ?? { offered: false };
  if (!offered)
    return refuse('AmendmentNotOffered', `action '${name}' offers no amendment${reason === undefined ? '' : `: ${reason}`}`);
  if (amended.spec.cancelled || amended.metadata.deletionTimestamp !== undefined)
    return refuse('AmendmentNotOffered', `action '${name}' was cancelled or is being deleted`);
  if (amendedRequester?.user !== requester.user)
    return refuse('AmendmentDiffers', `only the requester of action '${name}' may amend it`);
  if (repeatedWork(spec) !== repeatedWork(amended.spec))
    return refuse('AmendmentDiffers', `it does not do the same work as action '${name}'`);
  return [];
}
