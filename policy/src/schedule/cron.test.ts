import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatCron, parseCron } from './cron.ts';
import { nextDue } from './due.ts';
import { robfigRows } from './robfig.fixture.ts';

/** What the CronJob controller accepts, and we do not. */
const stricter: Readonly<Record<string, RegExp>> = {
  '@every 1h': /must not be '@every'/,
  'TZ=UTC * * * * *': /must not contain a time zone; set `timeZone` instead/,
  'CRON_TZ=UTC * * * * *': /must not contain a time zone/,
  '*-5 * * * *': /has '\*' as minute|has '\*-5' as minute/,
  '1,,2 * * * *': /has '' as minute/,
  ', * * * *': /has '' as minute/,
  '+5 * * * *': /has '\+5' as minute/,
  '0 0 31 4,6 *': /never matches/,
  '0 0 30 2 *': /never matches/,
};

describe('A cron expression', () => {
  it('means the same as in a CronJob, or is refused', () => {
    for (const { cron, from = '', next = [], error } of robfigRows.filter(({ zone = 'UTC' }) => zone === 'UTC')) {
      const why = stricter[cron];
      if (error || why) {
        assert.throws(() => parseCron(cron), why ?? Error, cron);
        continue;
      }
      let time = Date.parse(from);
      for (const expected of next) {
        time = nextDue({ cron, timeZone: 'Etc/UTC', delay: 0 }, time) ?? 0;
        assert.equal(new Date(time).toISOString(), expected.replace('Z', '.000Z'), cron);
      }
    }
  });

  it('means the same when it is written in numbers', () => {
    for (const { cron, error } of robfigRows) {
      if (error || stricter[cron]) continue;
      const parsed = parseCron(cron);
      assert.deepEqual({ ...parseCron(formatCron(parsed)), everyHour: undefined }, { ...parsed, everyHour: undefined }, cron);
    }
  });

  it('is refused with what is wrong', () => {
    const faults: Record<string, RegExp> = {
      '0 0 * * 7': /^Error: has '7' as day of week, which must be from 0 to 6, or sun to sat$/,
      '* * * *': /^Error: must have five fields: minute, hour, day of month, month, day of week$/,
      '@reboot': /^Error: must be five fields or one of @yearly, /,
      '*/0 * * * *': /^Error: has '\*\/0' as minute, but a step must be at least 1$/,
      '5-1 * * * *': /^Error: has '5-1' as minute, whose end is before its beginning$/,
      '1-2-3 * * * *': /^Error: has '1-2-3' as minute, which has too many hyphens$/,
      '0 0 L * *': /^Error: has 'L' as day of month, which must be from 1 to 31$/,
      '0 0 31 2,4 *': /^Error: never matches: no month that it names has such a day$/,
    };
    for (const [cron, expected] of Object.entries(faults)) assert.throws(() => parseCron(cron), expected, cron);
  });
});
