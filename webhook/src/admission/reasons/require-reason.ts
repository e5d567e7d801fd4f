import type { AgentActionStatus } from '@sentinel/crds';
import {
  type Identity,
  isSchedule,
  judgeReason,
  judgeRevision,
  type PolicySet,
  type Refusal,
  reasonFault,
} from '@sentinel/policy';
import { Denied, deniedByPolicy } from '../review.ts';

/** Throws Denied if an approval does not say what the current policies require, or what they required when the plan was made. */
export function requireReasonToApprove(set: PolicySet, { required }: AgentActionStatus, comment: string | undefined): void {
  const refusals = judgeReason(set, 'approvals', comment);
  const fault = refusals.length === 0 ? reasonFault(required?.reasons, comment) : undefined;
  const byPlan: Refusal[] = fault ? [{ ...fault, policy: 'Sentinel', rule: 'ActionPlan.spec.required.reasons' }] : [];
  if (refusals.length + byPlan.length > 0) throw deniedByPolicy([...refusals, ...byPlan]);
}

/** Throws Denied if a decision that only stops an action does not say what policies require. Policies that cannot be read prevent none. */
export async function requireReasonToStop(read: () => Promise<PolicySet>, comment: string | undefined): Promise<void> {
  const set = await read().catch(() => undefined);
  const refusals = set ? judgeReason(set, 'rejections', comment) : [];
  if (refusals.length > 0) throw deniedByPolicy(refusals);
}

/**
 * Throws Denied for the action of a schedule, which does what the person who trusted the Playbook trusted, and nothing else: the right to use the account
 * is theirs. `instead` completes a sentence about the action, up to what to do with it.
 */
export function requireNotScheduled(requester: Identity, instead: string): void {
  if (isSchedule(requester))
    throw new Denied('ScheduledActionFixed', `an action of a schedule ${instead}, and correct the Playbook`);
}

/**
 * Throws Denied if a request for changes does not say what to change, or if people have asked for changes as often as policies allow. Policies
 * that cannot be read prevent it: unlike a rejection it may be repeated, and a rejection is left.
 */
export function requireRevisable(set: PolicySet, decided: string | undefined, plan: string, comment: string | undefined): void {
  const silent: Refusal[] = comment?.trim()
    ? judgeReason(set, 'rejections', comment)
    : [{ ...SILENT, policy: 'Sentinel', rule: 'request-changes' }];
  const refusals = [...silent, ...judgeRevision(set, decided, plan)];
  if (refusals.length > 0) throw deniedByPolicy(refusals);
}

const SILENT = { code: 'CommentRequired', message: 'a request for changes must say what to change' } as const;
