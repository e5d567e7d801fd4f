import { retireAt, suspendedBy } from '@sentinel/policy';
import type { Facts } from '../facts/facts.ts';
import type { NextStep } from './step.ts';

const LATEST_LOOK_MS = 24 * 3600_000;
const WAIT_MS = 60_000;

/**
 * An action that has ended: it is kept as long as policy says, told of its retirement, and deleted once a sink has its whole audit
 * trail, so that the chain can be verified there. It waits for actions that are a part of it; and the kill switch keeps everything.
 */
export function decideOnRetirement(facts: Facts): NextStep {
  const { action, policies, acknowledged, activity, now } = facts;
  const { finishedAt, outbox } = action.status ?? {};
  const due = retireAt(policies, Date.parse(finishedAt ?? ''));
  if (due === undefined || action.metadata.deletionTimestamp !== undefined) return { kind: 'Wait' };
  if (suspendedBy(policies).length > 0) return { kind: 'Wait', requeueAfterMs: LATEST_LOOK_MS };
  if (due > now) return { kind: 'Wait', requeueAfterMs: Math.min(due - now, LATEST_LOOK_MS) };
  if (acknowledged === undefined || !outbox) return { kind: 'Wait', requeueAfterMs: LATEST_LOOK_MS };
  if (acknowledged < outbox.sequence) return { kind: 'Wait', requeueAfterMs: WAIT_MS };
  if (!facts.live) return { kind: 'LookAgainLive' };
  if (activity.some(({ parent, phase }) => parent === action.metadata.uid && phase !== 'Ended'))
    return { kind: 'Wait', requeueAfterMs: WAIT_MS };
  return { kind: outbox.records.at(-1)?.transition === 'Retired' ? 'Delete' : 'Retire' };
}
