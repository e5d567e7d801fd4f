import { describeSuspensions, liftedBy, type Suspension, suspensionsOf } from '@sentinel/policy';
import { UNKNOWN_ACTOR } from '../../acts/find-actor.ts';
import { type Draft, enter, stateOf } from '../../status/conditions.ts';
import { record } from '../../status/record.ts';
import type { Pass } from '../context.ts';

/** The maximum number of suspensions in the status: one is enough to hold the action. */
const SHOWN = 8;

/** The kill switch is on: stores who turned it on and when. Updated when another policy is suspended as well. */
export function suspend({ draft, action, facts, now }: Pass): void {
  const list = suspensionsOf(facts.policies).slice(0, SHOWN);
  if (stateOf(draft) === 'Suspended' && sameSuspensions(draft, list)) return;
  draft.suspension = list.map((one) => ({ ...one }));
  enter(
    draft,
    'Suspended',
    `held by the kill switch of ${describeSuspensions(list)}; when it is turned off, people must approve again`,
    now,
  );
  record(
    draft,
    action,
    {
      transition: 'Suspended',
      actor: namesOf(list),
      summary: `held by the kill switch of ${describeSuspensions(list)}`,
      plan: draft.plan?.digest,
      details: { 'sentinel.suspended.by': describeSuspensions(list) },
    },
    now,
  );
}

/**
 * The kill switch was turned off: approval is required again, because earlier approvals may no longer be intended.
 */
export function resume({ draft, action, facts, now }: Pass): void {
  const lifted = liftedBy(facts.policies, draft.suspension ?? []);
  const by = lifted.length === 0 ? '' : `: ${describeSuspensions(lifted)}`;
  record(
    draft,
    action,
    {
      transition: 'Resumed',
      actor: namesOf(lifted),
      summary: `the kill switch was turned off${by}; earlier approvals no longer count`,
      plan: draft.plan?.digest,
      details: { 'sentinel.lifted.by': describeSuspensions(lifted) },
    },
    now,
  );
  delete draft.suspension;
  draft.resumedAt = new Date(now).toISOString();
  enter(
    draft,
    'AwaitingApproval',
    'the kill switch was turned off. Earlier approvals no longer count: approve the plan again.',
    now,
  );
}

const namesOf = (list: readonly Suspension[]): string =>
  [...new Set(list.map(({ by }) => by ?? UNKNOWN_ACTOR))].join(', ') || UNKNOWN_ACTOR;

// Names that became known later change nothing: the stored record is kept.
const sameSuspensions = ({ suspension = [] }: Draft, list: readonly Suspension[]) =>
  suspension.map(({ policy }) => policy).join() === list.map(({ policy }) => policy).join();
