import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FairShare, fitsShare, type ShareClass, type ShareDemand } from './fair-share.ts';

describe('A demand of something shared', () => {
  // Of 96, the class `operator` leaves nothing: 12 are for anyone who has next to nothing (3 each), 84 are shared.
  const one: ShareDemand = { total: 96, others: 0, used: 0, own: 0, takers: 1, amount: 1 };
  const rows: readonly (readonly [string, Partial<ShareDemand>, ShareClass, boolean])[] = [
    ['fits if nothing is held', {}, 'operator', true],
    ['fits up to half for one alone', { used: 41, own: 41 }, 'operator', true],
    ['does not fit above half: one more may come', { used: 42, own: 42 }, 'operator', false],
    ['fits up to the half of two', { used: 83, own: 41, takers: 2 }, 'operator', true],
    ['fits up to the third of three, although another one holds half', { used: 42 + 27, own: 27, takers: 3 }, 'operator', true],
    ['does not fit above the third of three while all is used', { used: 84, own: 28, takers: 3 }, 'operator', false],
    ['borrows unused amounts, although many take a little', { used: 30, own: 20, takers: 10 }, 'operator', true],
    ['borrows no more than it leaves', { used: 50, own: 40, takers: 10 }, 'operator', false],
    ['fits for anyone who has nothing, although all is shared out', { used: 84, own: 0, takers: 3 }, 'operator', true],
    ['fits no more for them then', { used: 88, own: 3, takers: 3 }, 'operator', false],
    ['does not fit if there is nothing left at all', { used: 96, own: 0, takers: 4 }, 'operator', false],
    [
      'fits once for anyone who has nothing, however small the whole is',
      { total: 8, used: 7, own: 0, takers: 7 },
      'operator',
      true,
    ],
    ['does not fit when it is larger than all of it', { amount: 97 }, 'operator', false],
    // A quarter is kept for runs, so 72 in all: 9 for newcomers, 63 shared.
    ['of a rehearsal leaves a quarter for runs', { used: 72, own: 0, takers: 5 }, 'rehearsal', false],
    ['of a rehearsal is shared within the rest', { used: 31, own: 31 }, 'rehearsal', false],
    ['of a rehearsal counts what runs hold', { others: 80 }, 'rehearsal', false],
    ['of a run has room that rehearsals cannot take', { others: 72 }, 'run', true],
    ['of a run leaves an eighth for the operator', { others: 72, used: 12 }, 'run', false],
    ['of the operator has room that runs cannot take', { others: 84 }, 'operator', true],
  ];
  for (const [name, more, share, fits] of rows) it(name, () => assert.equal(fitsShare(share, { ...one, ...more }), fits));
});

/** Takes one after the other until there is no more; answers with what gives each back. */
function takeAll(budget: FairShare, taker: string, share?: ShareClass): (() => void)[] {
  const held: (() => void)[] = [];
  for (;;) {
    const giveBack = budget.tryTake(taker, 1, share && { share });
    if (giveBack === undefined) return held;
    held.push(giveBack);
  }
}

describe('Something shared', () => {
  it('gives anyone who comes next some at once, whatever those before took', () => {
    const budget = new FairShare(960);
    assert.deepEqual(
      ['a', 'b', 'c', 'd'].map((taker) => takeAll(budget, taker).length),
      [420, 420, 30, 30],
    );
  });

  for (const takers of [2, 3, 5, 9])
    it(`gives each of ${takers} that want all the same part, as soon as what was borrowed comes back`, () => {
      const budget = new FairShare(960);
      const all = Array.from({ length: takers }, (_, at) => ({ name: `t${at}`, held: takeAll(budget, `t${at}`) }));
      for (let round = 0; round < 900; round += 1)
        for (const { name, held } of all) {
          held.shift()?.();
          held.push(...takeAll(budget, name));
        }
      const fair = Math.floor((960 * 7) / 8 / takers);
      for (const { name, held } of all) assert.ok(held.length >= fair - 1, `${name} has ${held.length} of ${fair}`);
    });

  it('counts who was refused and holds nothing as one that wants some, for a while', () => {
    let now = 0;
    const budget = new FairShare(16, () => now);
    const [held] = ['a', 'b', 'c', 'd'].map((taker) => takeAll(budget, taker));
    assert.equal(budget.used, 16);
    assert.equal(budget.tryTake('e', 1), undefined);
    for (const giveBack of held?.slice(2) ?? []) giveBack();
    // A fifth of what is shared is less than three, a quarter is more.
    assert.equal(budget.tryTake('a', 1), undefined);
    now += 60_000;
    assert.ok(budget.tryTake('a', 1));
  });

  it('keeps room for runs and for the operator, whatever rehearsals take', () => {
    const budget = new FairShare(960);
    for (let taker = 0; taker < 99; taker += 1) takeAll(budget, `t${taker}`, 'rehearsal');
    assert.ok(budget.used <= 720, String(budget.used));
    assert.ok(takeAll(budget, 'shop', 'run').length >= 50);
    for (let taker = 0; taker < 99; taker += 1) takeAll(budget, `t${taker}`, 'run');
    assert.ok(takeAll(budget, 'operator', 'operator').length >= 50);
  });

  it('is released once, and then there is room again', () => {
    const budget = new FairShare(16);
    const held = takeAll(budget, 'a');
    assert.equal(held.length, 7);
    held[0]?.();
    held[0]?.();
    assert.equal(budget.used, 6);
    assert.ok(budget.tryTake('a', 1));
  });

  it('gives one part of a taker no more than its own bound, and the others the rest', () => {
    const budget = new FairShare(100);
    const part = (key: string) => ({ part: { key, most: 10 } });
    const giveBack = budget.tryTake('a', 10, part('one'));
    assert.equal(budget.tryTake('a', 1, part('one')), undefined);
    assert.ok(budget.tryTake('a', 10, part('two')));
    giveBack?.();
    assert.ok(budget.tryTake('a', 1, part('one')));
  });
});
