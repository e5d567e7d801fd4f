import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { agentPolicy, aPolicySet } from '../testing/policies.fixture.ts';
import { freezeFault, frozenAt } from './freeze.ts';

const set = (...windows: object[]) =>
  aPolicySet([agentPolicy({ freeze: windows.map((window) => ({ reason: 'weekend', ...window })) })]);
const weekend = { schedule: '0 16 * * FRI', timeZone: 'Europe/Berlin', duration: '64h' };

describe('A freeze', () => {
  // 2026-11-20 is a Friday; Berlin is one hour ahead of UTC in winter, two in summer.
  const rows: [name: string, window: object, now: string, until: string | undefined][] = [
    ['holds from its first second', weekend, '2026-11-20T15:00:00Z', '2026-11-23T07:00:00.000Z'],
    ['does not hold a second before', weekend, '2026-11-20T14:59:59Z', undefined],
    ['holds to its last second', weekend, '2026-11-23T06:59:59Z', '2026-11-23T07:00:00.000Z'],
    [
      'holds in the second before its next window begins',
      { schedule: '* * * * *', duration: '2d' },
      '2026-11-20T15:00:59.500Z',
      '2026-11-22T15:00:00.000Z',
    ],
    [
      'has no gap where one window ends and the next begins',
      { schedule: '0 * * * *', duration: '1h' },
      '2026-11-20T15:59:59.999Z',
      '2026-11-20T16:00:00.000Z',
    ],
    ['is over when its time is over', weekend, '2026-11-23T07:00:00Z', undefined],
    ['begins by the clock of its zone in summer', weekend, '2026-07-17T14:00:00Z', '2026-07-20T06:00:00.000Z'],
    ['lasts its hours over the change to winter', weekend, '2026-10-25T12:00:00Z', '2026-10-26T06:00:00.000Z'],
    ['lasts its hours over the change to summer', weekend, '2026-03-29T12:00:00Z', '2026-03-30T07:00:00.000Z'],
    [
      'is in UTC without a zone',
      { schedule: '0 16 * * FRI', duration: '1h' },
      '2026-11-20T16:30:00Z',
      '2026-11-20T17:00:00.000Z',
    ],
    [
      'begins also at an hour that the clock jumps over',
      { schedule: '30 2 29 3 *', timeZone: 'Europe/Berlin', duration: '2h' },
      '2026-03-29T02:00:00Z',
      '2026-03-29T03:00:00.000Z',
    ],
  ];
  for (const [name, window, now, until] of rows) {
    it(name, () => {
      const frozen = frozenAt(set(window), Date.parse(now));
      assert.equal(frozen && new Date(frozen.until).toISOString(), until);
    });
  }

  it('that ends last holds', () => {
    const frozen = frozenAt(
      set({ schedule: '0 0 * * *', duration: '1d' }, { schedule: '0 12 * * *', duration: '36h' }),
      Date.parse('2026-11-20T13:00:00Z'),
    );
    assert.deepEqual([frozen?.rule, frozen?.policy], ['freeze[1]', 'AgentPolicy/p']);
  });

  const faults: [window: object, fault: RegExp | undefined][] = [
    [weekend, undefined],
    [{ schedule: '* * * * * *', duration: '1h' }, /five fields/],
    [{ schedule: '61 * * * *', duration: '1h' }, /61/],
    [{ schedule: '0 0 30 2 *', duration: '1h' }, /never comes/],
    [{ schedule: '0 0 * * *', timeZone: 'Moon/Base', duration: '1h' }, /Moon\/Base/],
    [{ schedule: 'every friday at 5', duration: '1h' }, /five fields|pattern/i],
  ];
  for (const [window, fault] of faults) {
    it(`${fault ? 'is a fault' : 'is good'}: ${JSON.stringify(window)}`, () => {
      const found = freezeFault({ reason: 'x', ...window } as never);
      if (fault) assert.match(found ?? '', fault);
      else assert.equal(found, undefined);
    });
  }
});
