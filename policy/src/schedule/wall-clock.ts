export const MINUTE_MS = 60_000;
export const DAY_MS = 24 * 3600_000;

/** Whether a name is one of the time zone database, as a CronJob requires it: neither an offset nor the zone of some machine. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+)*$/.test(name) || name === 'Local') return false;
  try {
    formatOf(name);
    return true;
  } catch {
    return false;
  }
}

const formats = new Map<string, Intl.DateTimeFormat>();
const FORMATS_MAX = 600;

// Creating a format is more expensive than using it.
function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known) return known;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  if (formats.size >= FORMATS_MAX) formats.clear();
  formats.set(zone, format);
  return format;
}

/** What the clock on the wall shows at a time, as if it were in UTC. Times are in milliseconds since the epoch. */
export function wallClock(zone: string, time: number): number {
  const parts = new Map(
    formatOf(zone)
      .formatToParts(time)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0;
  return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
}

const offsetAt = (zone: string, time: number): number => wallClock(zone, time) - Math.floor(time / 1000) * 1000;

/** The times at which the clock on the wall shows something. */
export interface Instants {
  /** None when the clock is put forward past it, two when the clock is put back. */
  readonly at: readonly number[];
  /** The time that has passed as long since the night began: when a clock that nobody put forward would show it. */
  readonly unchanged: number;
}

/** Whether the offset of a zone changes within the day that begins at `midnight`, or near it. */
export const isChanged = (zone: string, midnight: number): boolean =>
  offsetAt(zone, midnight - DAY_MS) !== offsetAt(zone, midnight + 2 * DAY_MS);

/** Returns a function that finds the times of one day, whose midnight is `midnight`, for what the clock on the wall shows. */
export function instantsOfDay(zone: string, midnight: number): (wall: number) => Instants {
  const before = offsetAt(zone, midnight - DAY_MS);
  const after = offsetAt(zone, midnight + 2 * DAY_MS);
  if (before === after) return (wall) => ({ at: [wall - before], unchanged: wall - before });
  return (wall) => ({
    at: [before, after]
      .filter((offset) => offsetAt(zone, wall - offset) === offset)
      .map((offset) => wall - offset)
      .sort((a, b) => a - b),
    unchanged: wall - before,
  });
}
