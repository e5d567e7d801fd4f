import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isDay, parseCron } from './cron.ts';
import { cronOfJob, dueBetween, isDue, nextDue } from './due.ts';
import { robfigRows } from './robfig.fixture.ts';
import { DAY_MS, isTimeZone, wallClock } from './wall-clock.ts';

const BERLIN = 'Europe/Berlin';
const SPRING = '2026-03-28T23:30:00Z';
const AUTUMN = '2026-10-24T21:30:00Z';
const text = (time: number | undefined) =>
  time === undefined ? undefined : new Date(time).toISOString().replace(':00.000Z', 'Z');

function following(cron: string, timeZone: string, from: string, count: number, delay = 0): (string | undefined)[] {
  const found: (string | undefined)[] = [];
  let time = Date.parse(from);
  while (found.length < count) {
    time = nextDue({ cron, timeZone, delay }, time) ?? Number.NaN;
    found.push(text(time));
  }
  return found;
}

describe('A schedule over a change of daylight saving', () => {
  it('is due once in the night that skips its time: an hour later, as the clock would have shown', () => {
    assert.deepEqual(following('30 2 * * *', BERLIN, SPRING, 2), ['2026-03-29T01:30Z', '2026-03-30T00:30Z']);
    assert.deepEqual(following('30 0 * * *', 'Africa/Cairo', '2026-04-23T20:00:00Z', 2), [
      '2026-04-23T22:30Z',
      '2026-04-24T21:30Z',
    ]);
    // Two times that fall together are one run.
    assert.deepEqual(following('15 2,3 * * *', BERLIN, SPRING, 2), ['2026-03-29T01:15Z', '2026-03-30T00:15Z']);
  });

  it('is due once in the night that repeats its time: the first time', () => {
    assert.deepEqual(following('30 2 * * *', BERLIN, AUTUMN, 2), ['2026-10-25T00:30Z', '2026-10-26T01:30Z']);
    assert.equal(isDue({ cron: '30 2 * * *', timeZone: BERLIN, delay: 0 }, Date.parse('2026-10-25T01:30:00Z')), false);
  });

  it('follows elapsed time if its hours are written with a star', () => {
    assert.deepEqual(following('0 * * * *', BERLIN, SPRING, 4), [
      '2026-03-29T00:00Z',
      '2026-03-29T01:00Z',
      '2026-03-29T02:00Z',
      '2026-03-29T03:00Z',
    ]);
    assert.deepEqual(following('30 * * * *', BERLIN, AUTUMN, 4), [
      '2026-10-24T22:30Z',
      '2026-10-24T23:30Z',
      '2026-10-25T00:30Z',
      '2026-10-25T01:30Z',
    ]);
  });

  it('has a CronJob that runs in each minute that may be due', () => {
    const now = Date.parse('2026-01-15T00:00:00Z');
    assert.equal(cronOfJob({ cron: '30 2 * * *', timeZone: BERLIN, delay: 0 }, now), '30 2,3 * * *');
    assert.equal(cronOfJob({ cron: '30 2 1 * MON', timeZone: BERLIN, delay: 0 }, now), '30 2,3 1 * 1');
    assert.equal(cronOfJob({ cron: '30 0 * * *', timeZone: 'Africa/Cairo', delay: 0 }, now), '30 0,1 * * *');
    assert.equal(cronOfJob({ cron: '@daily', timeZone: 'Africa/Cairo', delay: 0 }, now), '0 0,1 * * *');
    for (const unchanged of ['30 3 * * *', '15 2,3 * * *', '*/5 * * * *', '@daily'])
      assert.equal(cronOfJob({ cron: unchanged, timeZone: BERLIN, delay: 0 }, now), unchanged);
    assert.equal(cronOfJob({ cron: '30 2 * * *', timeZone: 'Asia/Tokyo', delay: 0 }, now), '30 2 * * *');
  });

  it('is due at no time at which the CronJob controller starts nothing', () => {
    // What the controller does without the further hours: it skips 02:30 in spring, and runs it twice in autumn.
    const rows = robfigRows.filter(({ zone, cron }) => zone !== undefined && zone !== 'UTC' && cron !== '30 2 29 3 *');
    for (const { cron, zone = '', from = '', next = [] } of rows) {
      const last = Date.parse(next.at(-1) ?? '');
      const starts = new Set(next.map((time) => Date.parse(time)));
      const extended = cronOfJob({ cron, timeZone: zone, delay: 0 }, Date.parse(from)) !== cron;
      for (const due of dueBetween({ cron, timeZone: zone, delay: 0 }, Date.parse(from), last, 100))
        assert.ok(starts.has(due) || extended, `${cron} ${zone} ${text(due)}`);
    }
  });
});

describe('A schedule with a delay', () => {
  it('is due that much later, as if its expression said so, also in nights in which the clock is changed', () => {
    assert.deepEqual(following('0 * * * *', 'Etc/UTC', SPRING, 2, 7), ['2026-03-29T00:07Z', '2026-03-29T01:07Z']);
    assert.deepEqual(following('50 1 * * *', BERLIN, SPRING, 2, 20), following('10 2 * * *', BERLIN, SPRING, 2));
    assert.deepEqual(following('50 1 * * *', BERLIN, AUTUMN, 2, 20), following('10 2 * * *', BERLIN, AUTUMN, 2));
    const schedule = { cron: '0 * * * *', timeZone: 'Etc/UTC', delay: 7 };
    assert.equal(isDue(schedule, Date.parse('2026-05-01T06:07:00Z')), true);
    assert.equal(isDue(schedule, Date.parse('2026-05-01T06:00:00Z')), false);
    const [from, until] = [Date.parse('2026-05-01T00:07:00Z'), Date.parse('2026-05-01T02:07:00Z')];
    assert.deepEqual(dueBetween(schedule, from, until, 9).map(text), ['2026-05-01T02:07Z', '2026-05-01T01:07Z']);
  });

  it('has a CronJob with these minutes', () => {
    const now = Date.parse('2026-01-15T00:00:00Z');
    const job = (cron: string, delay: number, timeZone = 'Etc/UTC') => cronOfJob({ cron, timeZone, delay }, now);
    assert.equal(job('0 * * * *', 7), '7 * * * *');
    assert.equal(job('@hourly', 7), '7 * * * *');
    assert.equal(job('*/15 * * * *', 14), '14,29,44,59 * * * *');
    assert.equal(job('0 2 * * MON-FRI', 130), '10 4 * * 1,2,3,4,5');
    assert.equal(job('50 1 1 * *', 20, BERLIN), '10 2,3 1 * *');
    // Some minutes move into the next hour: the pod files nothing at 02:05 and 03:50.
    assert.equal(job('30,45 2 * * *', 20), '5,50 2,3 * * *');
  });

  it('is due at no time at which its CronJob starts nothing', () => {
    for (const timeZone of ['Etc/UTC', BERLIN, 'America/St_Johns', 'Africa/Cairo'])
      for (const cron of ['0 * * * *', '30 */2 * * *', '10 0,1 * * *', '50 1 * * 0', '0,30 2 28-31 * *', '15 23 1 * MON'])
        for (const delay of [1, 44])
          for (const from of ['2026-03-01', '2026-04-01', '2026-10-01']) {
            const schedule = { cron, timeZone, delay };
            const start = Date.parse(`${from}T00:00:00Z`);
            const started = parseCron(cronOfJob(schedule, start));
            for (const due of dueBetween(schedule, start, start + 32 * DAY_MS, 1000)) {
              const wall = new Date(wallClock(timeZone, due));
              assert.ok(
                started.minutes.has(wall.getUTCMinutes()) &&
                  started.hours.has(wall.getUTCHours()) &&
                  isDay(started, wall.getUTCMonth() + 1, wall.getUTCDate(), wall.getUTCDay()),
                `${cron} ${timeZone} ${delay} ${text(due)}`,
              );
            }
          }
  });
});

describe('Due times', () => {
  it('are found backwards, the latest first', () => {
    const schedule = { cron: '0 */6 * * *', timeZone: 'Etc/UTC', delay: 0 };
    const [from, until] = [Date.parse('2026-05-01T00:00:00Z'), Date.parse('2026-05-02T06:00:00Z')];
    assert.deepEqual(dueBetween(schedule, from, until, 3).map(text), [
      '2026-05-02T06:00Z',
      '2026-05-02T00:00Z',
      '2026-05-01T18:00Z',
    ]);
    assert.equal(dueBetween(schedule, from, until, 100).length, 5);
  });

  it('do not exist for an expression that is not valid', () => {
    assert.equal(nextDue({ cron: 'x', timeZone: 'Etc/UTC', delay: 0 }, 0), undefined);
    assert.deepEqual(dueBetween({ cron: 'x', timeZone: 'Etc/UTC', delay: 0 }, 0, 1e9, 5), []);
  });

  it('are found years ahead', () => {
    assert.deepEqual(following('0 0 29 2 *', BERLIN, '2096-03-01T00:00:00Z', 1), ['2104-02-28T23:00Z']);
  });
});

it('A time zone is one of the database', () => {
  for (const zone of ['Etc/UTC', 'UTC', 'Europe/Berlin', 'America/Argentina/Buenos_Aires', 'Etc/GMT+1', 'Asia/Kolkata'])
    assert.equal(isTimeZone(zone), true, zone);
  for (const zone of ['', 'Local', 'local', '+01:00', 'europe/berlin', 'Europe/Nowhere', '../etc/passwd', ' UTC'])
    assert.equal(isTimeZone(zone), false, zone);
});
