import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { scheduleFaults } from './faults.ts';
import { timesInWords, timesOf } from './jitter.ts';

const owner = (name: string, namespace = 'shop') => ({ metadata: { name, namespace } });
const hourly = { cron: '0 * * * *', timeZone: 'Etc/UTC' };
const delays = (jitter: string) =>
  Array.from({ length: 400 }, (_, index) => timesOf({ ...hourly, jitter }, owner(`check-${index}`)).delay);

describe('Jitter', () => {
  it('delays each Playbook by the same minutes each time, others by others, and less than it says', () => {
    assert.deepEqual(delays('10m'), delays('10m'));
    assert.deepEqual(
      [...new Set(delays('10m'))].sort((a, b) => a - b),
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    );
    assert.notEqual(
      timesOf({ ...hourly, jitter: '1h' }, owner('check')).delay,
      timesOf({ ...hourly, jitter: '1h' }, owner('check', 'bank')).delay,
    );
  });

  it('spreads a hundred Playbooks of one expression: no minute of the hour has more than a tenth of them', () => {
    const counts = new Map<number, number>();
    for (const delay of delays('1h').slice(0, 100)) counts.set(delay, (counts.get(delay) ?? 0) + 1);
    assert.ok(Math.max(...counts.values()) <= 10, [...counts.values()].join());
  });

  it('delays nothing if it is left out, and is told if it delays', () => {
    assert.equal(timesOf(hourly, owner('check')).delay, 0);
    assert.equal(timesInWords(hourly, owner('check')), "'0 * * * *' in Etc/UTC");
    const { delay } = timesOf({ ...hourly, jitter: '30m' }, owner('check'));
    assert.equal(
      timesInWords({ ...hourly, jitter: '30m' }, owner('check')),
      `'0 * * * *' in Etc/UTC, ${delay} minutes later (jitter)`,
    );
  });

  const rows: [cron: string, jitter: string, fault: RegExp | undefined][] = [
    ['0 * * * *', '1h', undefined],
    ['*/15 * * * *', '15m', undefined],
    ['0 2 * * *', '22h', undefined],
    ['0 2 * * *', '120s', undefined],
    [
      '0 * * * *',
      '61m',
      /^`schedule\.jitter`: '61m' must not be longer than the shortest time between two runs, which is '60m'$/,
    ],
    ['0,50 2 * * *', '1h', /which is '50m'/],
    ['* * * * *', '2m', /which is '1m'/],
    ['0 * * * *', '1m', /must be whole minutes, and at least '2m'/],
    ['0 * * * *', '90s', /must be whole minutes/],
    ['30 23 * * *', '31m', /must not reach beyond midnight: after the last run of a day there are 30 minutes/],
    ['0 2 * * *', '1d', /beyond midnight/],
    ['x', '5m', /`schedule\.cron`/],
  ];
  for (const [cron, jitter, fault] of rows)
    it(`'${jitter}' with '${cron}' is ${fault ? 'refused with its path' : 'accepted'}`, () => {
      const faults = scheduleFaults({ cron, timeZone: 'Etc/UTC', jitter });
      if (fault === undefined) assert.deepEqual(faults, []);
      else assert.match(faults.join('\n'), fault);
    });
});
