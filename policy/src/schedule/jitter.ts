import { createHash } from 'node:crypto';
import type { Playbook, ScheduleSpec } from '@sentinel/crds';
import { seconds } from '../verdict/order.ts';

/** When a schedule is due: its expression, and by how many minutes each of its times is delayed. */
export interface Times extends Pick<ScheduleSpec, 'cron' | 'timeZone'> {
  readonly delay: number;
}

/** The Playbook that has a schedule. */
type Owner = Pick<Playbook, 'metadata'>;

/** When the schedule of a Playbook is due, its jitter included. */
export const timesOf = (schedule: Pick<ScheduleSpec, 'cron' | 'timeZone' | 'jitter'>, playbook: Owner): Times => ({
  cron: schedule.cron,
  timeZone: schedule.timeZone,
  delay: delayOf(schedule.jitter, playbook),
});

/** The minutes by which jitter delays each run of a Playbook: always the same, and others for other Playbooks. */
function delayOf(jitter: string | undefined, { metadata }: Owner): number {
  if (jitter === undefined) return 0;
  const name = `${metadata.namespace ?? ''}/${metadata.name}`;
  const hash = createHash('sha256').update(name).digest().readUIntBE(0, 6);
  return hash % Math.max(1, Math.floor(seconds(jitter) / 60));
}

/** How the times of a Playbook are shown to people. */
export function timesInWords(schedule: Pick<ScheduleSpec, 'cron' | 'timeZone' | 'jitter'>, playbook: Owner): string {
  const { cron, timeZone, delay } = timesOf(schedule, playbook);
  const minutes = delay === 1 ? '1 minute' : `${delay} minutes`;
  return `'${cron}' in ${timeZone}${delay === 0 ? '' : `, ${minutes} later (jitter)`}`;
}
