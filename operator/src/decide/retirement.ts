import { type Activity, retireAt, suspendedBy } from '@sentinel/policy';
import { activityOf } from '../facts/activity.ts';
import type { Facts } from '../facts/facts.ts';
import type { NextStep } from './step.ts';

const LATEST_LOOK_MS = 24 * 3600_000;
const WAIT_MS = 60_000;

/**
 * An action that has ended: it is kept as long as policy says, told of its retirement, and deleted once a sink has its whole audit
 * trail, so that the chain can be verified there. It waits for actions that are a part of it; and the kill switch keeps everything.
 */
export function decideOnRetirement(facts: Facts): NextStep {
  const { action, policies, sink, activity, now } = facts;
  const { finishedAt, outbox } = action.status ?? {};
  const due = retireAt(policies, Date.parse(finishedAt ?? ''));
  if (due === undefined || action.metadata.deletionTimestamp !== undefined) return { kind: 'Wait' };
  if (suspendedBy(policies).length > 0) return { kind: 'Wait', requeueAfterMs: LATEST_LOOK_MS };
  if (due > now) return { kind: 'Wait', requeueAfterMs: Math.min(due - now, LATEST_LOOK_MS) };
  // A sink that came later has not the beginning, and Events are no trail: then nothing has the whole chain but the action.
  if (sink === undefined || sink.since > 1 || !outbox) return { kind: 'Wait', requeueAfterMs: LATEST_LOOK_MS };
  if (sink.acknowledged < outbox.sequence) return { kind: 'Wait', requeueAfterMs: WAIT_MS };
  if (!facts.live) return { kind: 'LookAgainLive' };
  // Limits of a family count all of it as long as one of it lives.
  const root = action.status?.lineage?.[0]?.uid ?? action.metadata.uid;
  if (activity.some((one) => one.root === root && one.phase !== 'Ended')) return { kind: 'Wait', requeueAfterMs: WAIT_MS };
  // A failure that is forgotten before the successes from before it would give lost autonomy back.
  const self = activityOf(action);
  if (self.failed && activity.some((one) => isSuccessBefore(one, self))) return { kind: 'Wait', requeueAfterMs: WAIT_MS };
  return { kind: outbox.records.at(-1)?.transition === 'Retired' ? 'Delete' : 'Retire' };
}

const isSuccessBefore = (one: Activity, failure: Activity) =>
  one.succeeded &&
  one.namespace === failure.namespace &&
  one.playbookDigest === failure.playbookDigest &&
  (one.ended ?? 0) <= (failure.ended ?? 0);
