/**
 * Cron expressions with the grammar of a CronJob, which is that of github.com/robfig/cron v3 (ParseStandard): five fields, or a macro such
 * as `@daily`. Refused although that parser accepts them: `@every` and `TZ=`, which a CronJob should not have, and what is likely a slip of
 * the pen (empty parts of a list, `*-5`, `+5`). Everything accepted here has the same meaning there: cron.test.ts compares both.
 */
export interface Cron {
  readonly minutes: ReadonlySet<number>;
  readonly hours: ReadonlySet<number>;
  readonly days: ReadonlySet<number>;
  readonly months: ReadonlySet<number>;
  readonly weekdays: ReadonlySet<number>;
  /** Whether a day must match both of its fields. If both are restricted, either is enough. */
  readonly bothDays: boolean;
  /** Whether the hours are written with a star: such times follow elapsed time, others the clock on the wall. */
  readonly everyHour: boolean;
}

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** Names of the values, beginning with the lowest. */
  readonly names: readonly string[];
}

const MINUTE: Field = { name: 'minute', min: 0, max: 59, names: [] };
const HOUR: Field = { name: 'hour', min: 0, max: 23, names: [] };
const DAY: Field = { name: 'day of month', min: 1, max: 31, names: [] };
const MONTH: Field = {
  name: 'month',
  min: 1,
  max: 12,
  names: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
};
const WEEKDAY: Field = { name: 'day of week', min: 0, max: 6, names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] };

const macros: ReadonlyMap<string, string> = new Map([
  ['@yearly', '0 0 1 1 *'],
  ['@annually', '0 0 1 1 *'],
  ['@monthly', '0 0 1 * *'],
  ['@weekly', '0 0 * * 0'],
  ['@daily', '0 0 * * *'],
  ['@midnight', '0 0 * * *'],
  ['@hourly', '0 * * * *'],
]);

/** The most days that each month can have, beginning with January. */
const LENGTHS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Parses an expression. Throws an error that says what is wrong with it, also if no day ever matches. */
export function parseCron(text: string): Cron {
  if (/^\s*(CRON_)?TZ=/.test(text)) throw new Error('must not contain a time zone; set `timeZone` instead');
  const trimmed = text.trim();
  if (trimmed.startsWith('@every')) throw new Error("must not be '@every', because a CronJob would count from its own creation");
  const parts = (macros.get(trimmed) ?? trimmed).split(/\s+/);
  if (trimmed.startsWith('@') && !macros.has(trimmed))
    throw new Error(`must be five fields or one of ${[...macros.keys()].join(', ')}`);
  const [minute = '', hour = '', day = '', month = '', weekday = ''] = parts;
  if (parts.length !== 5 || minute === '')
    throw new Error('must have five fields: minute, hour, day of month, month, day of week');
  const days = parseField(day, DAY);
  const weekdays = parseField(weekday, WEEKDAY);
  const cron: Cron = {
    minutes: parseField(minute, MINUTE).values,
    hours: parseField(hour, HOUR).values,
    days: days.values,
    months: parseField(month, MONTH).values,
    weekdays: weekdays.values,
    bothDays: days.star || weekdays.star,
    everyHour: /^[*?]/.test(hour),
  };
  if (!canMatch(cron)) throw new Error('never matches: no month that it names has such a day');
  return cron;
}

/** Whether a day of the calendar matches. */
export function isDay(cron: Cron, month: number, day: number, weekday: number): boolean {
  if (!cron.months.has(month)) return false;
  const matches = [cron.days.has(day), cron.weekdays.has(weekday)];
  return cron.bothDays ? matches.every(Boolean) : matches.some(Boolean);
}

/** An expression with these values, in numbers. */
export function formatCron(cron: Cron): string {
  const list = (values: ReadonlySet<number>, { min, max }: Field, star: boolean) =>
    star && values.size === max - min + 1 ? '*' : [...values].sort((a, b) => a - b).join(',');
  // A field of days that has all of them but no star changes how the two fields combine.
  return [
    list(cron.minutes, MINUTE, true),
    list(cron.hours, HOUR, true),
    list(cron.days, DAY, cron.bothDays),
    list(cron.months, MONTH, true),
    list(cron.weekdays, WEEKDAY, cron.bothDays),
  ].join(' ');
}

const canMatch = ({ bothDays, months, days }: Cron): boolean =>
  !bothDays || [...months].some((month) => [...days].some((day) => day <= (LENGTHS[month - 1] ?? 0)));

function parseField(text: string, field: Field): { values: ReadonlySet<number>; star: boolean } {
  const ranges = text.split(',').map((part) => parseRange(part, field));
  return { values: new Set(ranges.flatMap(({ values }) => values)), star: ranges.some(({ star }) => star) };
}

// RANGE or RANGE/STEP, where RANGE is a star, a value, or two values. `5/15` means `5-59/15`.
function parseRange(text: string, field: Field): { values: number[]; star: boolean } {
  const match = /^([^/]+)(?:\/([0-9]+))?$/.exec(text);
  if (!match?.[1]) throw new Error(`has '${text}' as ${field.name}, which is not a value, a range or a step`);
  const [, range, stepText] = match;
  const step = stepText === undefined ? 1 : Number(stepText);
  if (step === 0) throw new Error(`has '${text}' as ${field.name}, but a step must be at least 1`);
  const star = range === '*' || range === '?';
  const [low = '', high, ...more] = range.split('-');
  if (more.length > 0) throw new Error(`has '${text}' as ${field.name}, which has too many hyphens`);
  const from = star ? field.min : parseValue(low, field);
  const only = stepText === undefined ? from : field.max;
  const to = star ? field.max : high === undefined ? only : parseValue(high, field);
  if (from > to) throw new Error(`has '${text}' as ${field.name}, whose end is before its beginning`);
  const values: number[] = [];
  for (let value = from; value <= to; value += step) values.push(value);
  return { values, star: star && step === 1 };
}

function parseValue(text: string, { name, min, max, names }: Field): number {
  const named = names.indexOf(text.toLowerCase());
  if (named >= 0) return min + named;
  const value = /^[0-9]{1,4}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max))
    throw new Error(
      `has '${text}' as ${name}, which must be from ${min} to ${max}${names.length > 0 ? `, or ${names[0]} to ${names.at(-1)}` : ''}`,
    );
  return value;
}
