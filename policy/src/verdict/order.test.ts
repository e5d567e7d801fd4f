import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Decision, RiskLevel } from '@sentinel/crds';
import { atMost, compareRisk, higher, seconds, shorter, stricter } from './order.ts';

const decisions: readonly Decision[] = ['Allow', 'RequireApproval', 'Deny'];
const levels: readonly RiskLevel[] = ['Low', 'Medium', 'High', 'Critical'];

describe('The order of decisions and of levels of risk', () => {
  it('is from Allow to Deny, and the stricter of two is the later, whichever comes first', () => {
    for (const [at, a] of decisions.entries())
      for (const [other, b] of decisions.entries()) assert.equal(stricter(a, b), decisions[Math.max(at, other)], `${a} ${b}`);
  });

  it('is from Low to Critical, for the higher of two, for a bound and for a comparison', () => {
    for (const [at, a] of levels.entries())
      for (const [other, b] of levels.entries()) {
        assert.equal(higher(a, b), levels[Math.max(at, other)], `${a} ${b}`);
        assert.equal(atMost(a, b), at <= other, `${a} ${b}`);
        assert.equal(Math.sign(compareRisk(a, b)), Math.sign(at - other), `${a} ${b}`);
      }
  });
});

describe('A duration', () => {
  const durations: readonly [duration: string, seconds: number][] = [
    ['1s', 1],
    ['90s', 90],
    ['15m', 900],
    ['2h', 7_200],
    ['10d', 864_000],
  ];
  for (const [duration, length] of durations)
    it(`of ${duration} has ${length} seconds`, () => assert.equal(seconds(duration), length));

  for (const text of ['', '0s', '01m', '-1s', '1', 's', '1w', '1.5h', '1h30m', ' 1s', '1s ', 'x1s', '1sx', '1S', '1constructor'])
    it(`is not '${text}'`, () => assert.throws(() => seconds(text), new Error(`'${text}' is no duration`)));

  it('is shorter by its length, not by its number, and the first of equal ones', () => {
    assert.deepEqual(
      [shorter('90m', '2h'), shorter('2h', '90m'), shorter('60s', '1m'), shorter('1m', '60s'), shorter('1d', '1s')],
      ['90m', '90m', '60s', '1m', '1s'],
    );
  });
});
