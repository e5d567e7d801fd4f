import { type Cron, formatCron, isDay, parseCron } from './cron.ts';
import type { Times } from './jitter.ts';
import { DAY_MS, instantsOfDay, isChanged, MINUTE_MS, wallClock } from './wall-clock.ts';

/**
 * When a schedule is due. A CronJob runs in each minute whose local time matches: a time that daylight saving skips never comes, and one that
 * it repeats comes twice. People expect one run in both nights. So a schedule with fixed hours is due an hour later in the night that
 * skips its time, as if nobody had put the clock forward, and only the first time in the night that repeats it. A schedule whose hours are written with a
 * star follows elapsed time. The CronJob runs in all minutes that may be due, and its pod files nothing in the others.
 *
 * A delay has the effect of later times in the expression: 02:10 with a delay of 25 minutes is due when 02:35 would be.
 */

/** Eight years without 29 February are the longest. */
const SEARCH_DAYS = 366 * 9;

/** The first due time after a time; undefined if the expression is invalid. Times are in milliseconds since the epoch. */
export function nextDue(schedule: Times, after: number): number | undefined {
  const cron = tryParse(schedule.cron);
  if (!cron) return undefined;
  const today = midnightOf(schedule, after);
  for (let day = -1; day < SEARCH_DAYS; day += 1) {
    const found = dueOnDay(cron, schedule, today + day * DAY_MS).find((time) => time > after);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The due times after one time, up to another one included, the latest first; no more than `max`. */
export function dueBetween(schedule: Times, after: number, until: number, max: number): number[] {
  const cron = tryParse(schedule.cron);
  const found: number[] = [];
  if (!cron) return found;
  for (let day = midnightOf(schedule, until) + DAY_MS; day >= midnightOf(schedule, after) - DAY_MS; day -= DAY_MS) {
    found.push(
      ...dueOnDay(cron, schedule, day)
        .reverse()
        .filter((time) => time > after && time <= until),
    );
    if (found.length >= max) break;
  }
  return found.slice(0, max);
}

/** Whether a schedule is due in the minute that begins at a time. */
export const isDue = (schedule: Times, time: number): boolean => nextDue(schedule, time - 1) === time;

/**
 * The expression of the CronJob: that of the schedule with its delay, and the hours after those that daylight saving may skip. If only some minutes
 * move into the next hour, it has all of these minutes in all of these hours.
 */
export function cronOfJob({ cron: written, timeZone, delay }: Times, now: number): string {
  const cron = delayed(parseCron(written), delay);
  const text = delay === 0 ? written.trim() : formatCron(cron);
  if (cron.everyHour) return text;
  const days = daysOfChange(timeZone, now);
  const skips = (hour: number) =>
    days.some((midnight) => {
      const instants = instantsOfDay(timeZone, midnight);
      return [...cron.minutes].some((minute) => instants(midnight + (hour * 60 + minute) * MINUTE_MS).at.length === 0);
    });
  const later = [...cron.hours].filter((hour) => hour < 23 && skips(hour)).map((hour) => hour + 1);
  return later.every((hour) => cron.hours.has(hour)) ? text : formatCron({ ...cron, hours: new Set([...cron.hours, ...later]) });
}

// Days of the coming 13 months near which the clock is changed.
function daysOfChange(zone: string, now: number): number[] {
  const today = Math.floor(now / DAY_MS) * DAY_MS;
  return Array.from({ length: 400 }, (_, index) => today + (index - 1) * DAY_MS).filter((midnight) => isChanged(zone, midnight));
}

// The delay does not reach beyond midnight: `scheduleFaults` holds that.
function delayed(cron: Cron, delay: number): Cron {
  const times = [...cron.hours].flatMap((hour) => [...cron.minutes].map((minute) => hour * 60 + minute + delay));
  return {
    ...cron,
    hours: new Set(times.map((time) => Math.floor(time / 60) % 24)),
    minutes: new Set(times.map((time) => time % 60)),
  };
}

function dueOnDay(cron: Cron, { timeZone: zone, delay }: Times, midnight: number): number[] {
  const date = new Date(midnight);
  if (!isDay(cron, date.getUTCMonth() + 1, date.getUTCDate(), date.getUTCDay())) return [];
  const instants = instantsOfDay(zone, midnight);
  const times = [...cron.hours].flatMap((hour) =>
    [...cron.minutes].flatMap((minute) => {
      const { at, unchanged } = instants(midnight + (hour * 60 + minute + delay) * MINUTE_MS);
      if (cron.everyHour) return at;
      return [at[0] ?? unchanged];
    }),
  );
  return [...new Set(times)].sort((a, b) => a - b);
}

const midnightOf = ({ timeZone }: Times, time: number): number => Math.floor(wallClock(timeZone, time) / DAY_MS) * DAY_MS;

function tryParse(text: string): Cron | undefined {
  try {
    return parseCron(text);
  } catch {
    return undefined;
  }
}
