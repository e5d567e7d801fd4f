import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BodyShares } from './body-shares.ts';

const TOTAL = 1600;
/** What one address may hold. */
const ADDRESS = 700;

/** Takes amounts until there is no room. Answers with how much was taken. */
function fill(shares: BodyShares, namespace: string, amount: number, address = 'api'): number {
  let taken = 0;
  while (shares.tryTake(address, namespace, amount) !== undefined) taken += amount;
  return taken;
}

describe('The memory of bodies', () => {
  it('is not taken whole by one namespace of an address: others find half of it', () => {
    const shares = new BodyShares(TOTAL);
    const taken = fill(shares, 'hog', 10);
    assert.ok(taken > 250 && taken <= ADDRESS / 2, String(taken));
    assert.ok(fill(shares, 'calm', 10) >= 150);
  });

  it('is not taken whole by many namespaces: one more finds room for a small body', () => {
    const shares = new BodyShares(TOTAL);
    for (let at = 0; at < 50; at++) fill(shares, `hog-${at}`, 10);
    for (let at = 0; at < 16; at++) assert.ok(shares.tryTake('api', `calm-${at}`, 5));
  });

  it('is enough for one body of a namespace that is nearly as large as all of it', () => {
    const shares = new BodyShares(TOTAL);
    const giveBack = shares.tryTake('api', 'shop', ADDRESS - 100);
    assert.ok(giveBack);
    assert.equal(shares.tryTake('api', 'shop', 30), undefined, 'and for no second one of it');
    assert.ok(shares.tryTake('api', 'bank', 10));
    giveBack();
    giveBack();
    assert.ok(shares.tryTake('api', 'shop', ADDRESS - 120));
  });

  it('finds room for a body of another namespace between the largest ones of one that always has more of them', () => {
    let now = 0;
    const shares = new BodyShares(TOTAL, () => now);
    for (let round = 0; round < 3; round++) {
      const giveBack = shares.tryTake('api', 'hog', ADDRESS - 100);
      assert.ok(giveBack, 'the hog finds room again once nobody waits');
      assert.equal(shares.tryTake('api', 'calm', 100), undefined);
      assert.equal(shares.tryTake('api', 'hog', ADDRESS - 100), undefined);
      giveBack();
      assert.equal(shares.tryTake('api', 'hog', ADDRESS - 100), undefined, 'the other one has waited for longer');
      const small = shares.tryTake('api', 'hog', 50);
      assert.ok(small, 'what leaves as much as it takes need not wait');
      now += 1000;
      const done = shares.tryTake('api', 'calm', 100);
      assert.ok(done);
      done();
      small();
      now += 5001;
    }
  });

  it('is not kept for a namespace that does not come again, nor for names that no namespace has', () => {
    let now = 0;
    const shares = new BodyShares(TOTAL, () => now);
    const giveBack = shares.tryTake('api', 'shop', ADDRESS - 100);
    assert.equal(shares.tryTake('api', 'gone', 100), undefined);
    giveBack?.();
    assert.equal(shares.tryTake('api', 'shop', ADDRESS - 100), undefined);
    now += 5001;
    const again = shares.tryTake('api', 'shop', ADDRESS - 100);
    assert.ok(again);
    assert.equal(shares.tryTake('api', 'x'.repeat(64), 100), undefined);
    again();
    assert.ok(shares.tryTake('api', 'shop', ADDRESS - 100));
  });

  it('is shared by addresses, whatever namespaces they name', () => {
    const shares = new BodyShares(TOTAL);
    for (let at = 0; at < 100; at++) fill(shares, `n${at}`, 20, 'stranger');
    assert.ok(fill(shares, 'shop', 20) >= 200);
  });

  it('is given back', () => {
    const shares = new BodyShares(TOTAL);
    for (let round = 0; round < 100; round++) shares.tryTake('api', `n${round}`, ADDRESS - 100)?.();
    assert.ok(shares.tryTake('api', 'last', ADDRESS - 100));
  });
});
