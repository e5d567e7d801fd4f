import { TRAIL_WAIT_MINUTES } from '@sentinel/crds';
import type { Facts } from '../facts/facts.ts';
import type { NextStep } from './step.ts';

/**
 * When the finalizer of an action that has ended comes off: when the sink has acknowledged its whole audit trail, so that deleting the
 * action never deletes the only copy. Without a sink nobody would acknowledge anything, so it comes off at once; whoever deletes the
 * action is warned. Somebody who deletes it waits for the sink a bounded time, or a namespace could not be deleted while a sink is down.
 */
export function decideOnRelease({ action, sink, now }: Facts): NextStep {
  const { outbox, finishedAt } = action.status ?? {};
  if (sink === undefined || outbox === undefined || sink.acknowledged >= outbox.sequence) return { kind: 'LetGo' };
  const { deletionTimestamp } = action.metadata;
  // The exporter asks for another pass when the sink acknowledges something.
  if (deletionTimestamp === undefined) return { kind: 'Wait' };
  const asked = Math.max(Date.parse(deletionTimestamp), Date.parse(finishedAt ?? deletionTimestamp));
  const left = asked + TRAIL_WAIT_MINUTES * 60_000 - now;
  if (left > 0) return { kind: 'Wait', requeueAfterMs: left };
  return { kind: 'LetGo', missing: { from: sink.acknowledged + 1, to: outbox.sequence } };
}
