import type { Playbook, ScheduleSpec } from '@sentinel/crds';
import type { Activity } from '../limits/limits.ts';
import type { Refusal } from '../verdict/verdict.ts';
import { dueOf, isSchedule, runsSince } from './scheduled-action.ts';

/** In this time the status of the Playbook sees that an action has ended. */
const SEEN_MS = 60_000;

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
 * Whether so many later actions of its schedule have ended in the same way that an ended action is not kept. It is kept until the status of the
 * Playbook has seen its end, and while its time could still be counted as missed if it were gone.
 */
export function isBeyondHistory(playbook: Playbook | undefined, self: Activity, all: Iterable<Activity>, now: number): boolean {
  const schedule = playbook?.spec.schedule;
  if (!schedule || !isSchedule(self.requester) || self.phase !== 'Ended') return false;
  if (self.ended === undefined || now - self.ended < SEEN_MS || mayCountAsMissed(playbook, due(self))) return false;
  const later = othersOf(self, all).filter((one) => one.phase === 'Ended' && one.isGood === self.isGood && due(one) > due(self));
  return later.length >= (self.isGood ? schedule.history.succeeded : schedule.history.failed);
}

// Times before the schedule ran, and those that were looked at, are not counted any more.
function mayCountAsMissed(playbook: Playbook, time: number): boolean {
  const came = playbook.status?.schedule;
  if (!came) return true;
  const since = runsSince(playbook);
  return since !== undefined && time >= since && time > (Date.parse(came.observedUntil ?? '') || 0);
}
