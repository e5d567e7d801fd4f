import type { ScheduleSpec } from '@sentinel/crds';
import type { Activity } from '../limits/limits.ts';
import type { Refusal } from '../verdict/verdict.ts';
import { dueOf, isSchedule } from './scheduled-action.ts';

const HOUR_MS = 3600_000;

type Policy = Pick<ScheduleSpec, 'concurrencyPolicy'> | undefined;

/** The actions of the same schedule, without the one that is asked about. */
const othersOf = (self: Activity, all: Iterable<Activity>): Activity[] =>
  [...all].filter(
    (one) =>
      one.uid !== self.uid && one.namespace === self.namespace && one.playbook === self.playbook && isSchedule(one.requester),
  );

const due = ({ name }: Activity): number => dueOf(name) ?? 0;

/** Whether the real run of an action has begun. */
const hasBegun = ({ phase }: Activity): boolean => phase === 'Running' || phase === 'Unresolved';

/** Why an action of a schedule is skipped: an earlier one has not ended. A Job of a schedule ends in seconds, so overlap is judged on actions. */
export function judgeOverlap(schedule: Policy, self: Activity, all: Iterable<Activity>): Refusal[] {
  if (!schedule || schedule.concurrencyPolicy === 'Allow' || !isSchedule(self.requester)) return [];
  const earlier = othersOf(self, all).filter((one) => one.phase !== 'Ended' && due(one) < due(self));
  const rival = schedule.concurrencyPolicy === 'Forbid' ? earlier[0] : earlier.find(hasBegun);
  if (!rival) return [];
  const message = `this time is skipped, because the action '${rival.name}' of the same schedule has not ended`;
  return [
    { code: 'ScheduleOverlap', policy: 'Playbook', rule: `schedule.concurrencyPolicy: ${schedule.concurrencyPolicy}`, message },
  ];
}

/** The later action of its schedule that replaces an action before its real run; undefined if none does. */
export function replacementOf(schedule: Policy, self: Activity, all: Iterable<Activity>): string | undefined {
  if (schedule?.concurrencyPolicy !== 'Replace' || !isSchedule(self.requester) || hasBegun(self)) return undefined;
  const later = othersOf(self, all).filter(({ phase }) => phase !== 'Ended' && phase !== 'Filed');
  return later.filter((one) => due(one) > due(self)).sort((a, b) => due(b) - due(a))[0]?.name;
}

/**
 * Whether so many later actions of its schedule have ended in the same way that an ended action is not kept. While its time may still count as
 * missed, it is.
 */
export function isBeyondHistory(
  schedule: Pick<ScheduleSpec, 'history' | 'startingDeadlineSeconds'> | undefined,
  self: Activity,
  all: Iterable<Activity>,
  now: number,
): boolean {
  if (!schedule || !isSchedule(self.requester) || self.phase !== 'Ended') return false;
  if (now - due(self) < schedule.startingDeadlineSeconds * 1000 + HOUR_MS) return false;
  const later = othersOf(self, all).filter((one) => one.phase === 'Ended' && one.isGood === self.isGood && due(one) > due(self));
  return later.length >= (self.isGood ? schedule.history.succeeded : schedule.history.failed);
}
