import { type Activity, isBeyondHistory, retireAt, retireBeyondHistoryAt, suspendedBy } from '@sentinel/policy';
import { activityOf } from '../facts/activity.ts';
import type { Facts } from '../facts/facts.ts';
import type { NextStep } from './step.ts';

const LATEST_LOOK_MS = 24 * 3600_000;
const WAIT_MS = 60_000;

/**
 * An action that has ended: it is kept as long as policy says, its retirement is recorded, and it is deleted once a sink has its whole audit
 * trail, so that the chain can be verified there. It waits for its child actions; and no action is deleted while a kill switch is on.
 */
export function decideOnRetirement(facts: Facts): NextStep {
  const { action, policies, sink, activity, now } = facts;
  const { finishedAt, outbox } = action.status ?? {};
  const due = (exceedsHistory(facts) ? retireBeyondHistoryAt : retireAt)(policies, Date.parse(finishedAt ?? ''));
  if (due === undefined || action.metadata.deletionTimestamp !== undefined) return { kind: 'Wait' };
  if (suspendedBy(policies).length > 0) return { kind: 'Wait', requeueAfterMs: LATEST_LOOK_MS };
  if (due > now) return { kind: 'Wait', requeueAfterMs: Math.min(due - now, LATEST_LOOK_MS) };
  // A newer sink does not have the beginning, and Events are not a trail: then only the action has the whole chain.
  if (sink === undefined || sink.since > 1 || !outbox) return { kind: 'Wait', requeueAfterMs: LATEST_LOOK_MS };
  if (sink.acknowledged < outbox.sequence) return { kind: 'Wait', requeueAfterMs: WAIT_MS };
  if (!facts.live) return { kind: 'LookAgainLive' };
  // Limits count all actions of a lineage as long as one of them has not ended.
  const root = action.status?.lineage?.[0]?.uid ?? action.metadata.uid;
  if (activity.some((one) => one.root === root && one.phase !== 'Ended')) return { kind: 'Wait', requeueAfterMs: WAIT_MS };
  // The pre-images of an action are deleted with it.
  const { uid, namespace } = action.metadata;
  const undoes = (one: Activity) => one.undoes === uid && one.namespace === namespace && one.phase !== 'Filed';
  if (activity.some((one) => undoes(one) && one.phase !== 'Ended')) return { kind: 'Wait', requeueAfterMs: WAIT_MS };
  // If a failure were deleted before the earlier successes, the Playbook could start without a person again.
  const self = activityOf(action);
  if (self.failed && activity.some((one) => isSuccessBefore(one, self))) return { kind: 'Wait', requeueAfterMs: WAIT_MS };
  return { kind: outbox.records.at(-1)?.transition === 'Retired' ? 'Delete' : 'Retire' };
}

/** Whether the schedule of an action keeps only later ones. Policies may still need it. */
export const exceedsHistory = ({
  action,
  playbook,
  activity,
  now,
}: Pick<Facts, 'action' | 'playbook' | 'activity' | 'now'>): boolean =>
  isBeyondHistory(playbook, activityOf(action), activity, now);

const isSuccessBefore = (one: Activity, failure: Activity) =>
  one.succeeded &&
  one.namespace === failure.namespace &&
  one.playbookDigest === failure.playbookDigest &&
  (one.ended ?? 0) <= (failure.ended ?? 0);
