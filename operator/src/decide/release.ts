import { TRAIL_WAIT_MINUTES } from '@sentinel/crds';
import type { Facts } from '../facts/facts.ts';
import type { NextStep } from './step.ts';

/**
 * Whether the finalizer of an ended action can be removed: when the sink has acknowledged its whole audit trail, so that deleting the action
 * never deletes the only copy. Without a sink it is removed at once; the person who deletes the action gets a warning. A deletion waits for
 * the sink only for a limited time, so that a namespace can be deleted while a sink is down.
 */
export function decideOnRelease({ action, sink, now }: Facts): NextStep {
  const { outbox, finishedAt } = action.status ?? {};
  if (sink === undefined || outbox === undefined || sink.acknowledged >= outbox.sequence) return { kind: 'RemoveFinalizer' };
  const { deletionTimestamp } = action.metadata;
  // The exporter triggers another reconcile when the sink acknowledges records.
  if (deletionTimestamp === undefined) return { kind: 'Wait' };
  const asked = Math.max(Date.parse(deletionTimestamp), Date.parse(finishedAt ?? deletionTimestamp));
  const left = asked + TRAIL_WAIT_MINUTES * 60_000 - now;
  if (left > 0) return { kind: 'Wait', requeueAfterMs: left };
  return { kind: 'RemoveFinalizer', missing: { from: sink.acknowledged + 1, to: outbox.sequence } };
}
