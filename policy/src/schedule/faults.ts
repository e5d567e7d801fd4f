import type { ScheduleSpec } from '@sentinel/crds';
import { seconds } from '../verdict/order.ts';
import { type Cron, parseCron } from './cron.ts';
import { isTimeZone } from './wall-clock.ts';

/** What is wrong with when a schedule is due, with the path of each fault. */
export function scheduleFaults({ cron, timeZone, jitter }: Pick<ScheduleSpec, 'cron' | 'timeZone' | 'jitter'>): string[] {
  const wrong = cronFaults(cron);
  return [
    ...wrong,
    ...(jitter === undefined || wrong.length > 0 ? [] : jitterFaults(jitter, parseCron(cron))),
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

const DAY = 24 * 60;

// The delay is less than the jitter. Runs keep their order and their day, so that the days of the expression stay right.
function jitterFaults(jitter: string, cron: Cron): string[] {
  const minutes = seconds(jitter) / 60;
  const refuse = (why: string) => [`\`schedule.jitter\`: '${jitter}' ${why}`];
  if (!Number.isInteger(minutes) || minutes < 2) return refuse("must be whole minutes, and at least '2m'");
  const times = [...cron.hours].flatMap((hour) => [...cron.minutes].map((minute) => hour * 60 + minute)).sort((a, b) => a - b);
  const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
  const shortest = Math.min(...gaps);
  if (minutes > shortest) return refuse(`must not be longer than the shortest time between two runs, which is '${shortest}m'`);
  const last = times.at(-1) ?? 0;
  if (last + minutes > DAY)
    return refuse(`must not reach beyond midnight: after the last run of a day there are ${DAY - last} minutes`);
  return [];
}
