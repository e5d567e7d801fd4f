import type { ScheduleSpec } from '@sentinel/crds';
import { parseCron } from './cron.ts';
import { isTimeZone } from './wall-clock.ts';

/** What is wrong with when a schedule is due, with the path of each fault. */
export function scheduleFaults({ cron, timeZone }: Pick<ScheduleSpec, 'cron' | 'timeZone'>): string[] {
  return [
    ...cronFaults(cron),
    ...(isTimeZone(timeZone)
      ? []
      : [`\`schedule.timeZone\`: '${timeZone}' must be a name of the time zone database, such as 'Europe/Berlin'`]),
  ];
}

function cronFaults(cron: string): string[] {
  try {
    parseCron(cron);
    return [];
  } catch (error) {
    return [`\`schedule.cron\`: '${cron}' ${error instanceof Error ? error.message : ''}`];
  }
}
