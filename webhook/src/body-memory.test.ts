import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { BodyMemory } from './body-memory.ts';

const TOTAL = 1600;
/** What one address may hold. */
const ADDRESS = 700;
const WAITING = 128;

/** Takes amounts, and notes what has come of each. */
function memory() {
  const shares = new BodyMemory(TOTAL, (namespace) => new Error(`too many of ${namespace}`));
  const open: { readonly namespace: string; readonly giveBack: () => void }[] = [];
  const refused: string[] = [];
  const take = async (namespace: string, amount: number, address = 'api') => {
    shares.take(address, namespace, amount).then(
      (giveBack) => open.push({ namespace, giveBack }),
      ({ message }: Error) => refused.push(message),
    );
    await setImmediate();
  };
  return {
    refused,
    take,
    held: (namespace: string) => open.filter((one) => one.namespace === namespace).length,
    takeMany: async (namespace: string, amount: number, count: number, address?: string) => {
      for (let at = 0; at < count; at++) await take(namespace, amount, address);
    },
    giveBack: async (namespace?: string) => {
      const at = open.findIndex((one) => namespace === undefined || one.namespace === namespace);
      const [one] = open.splice(at, 1);
      one?.giveBack();
      one?.giveBack();
      await setImmediate();
      await setImmediate();
      return one?.namespace ?? '';
    },
  };
}

describe('The memory of bodies', () => {
  it('is not taken whole by one namespace of an address: others find half of it', async () => {
    const { takeMany, held } = memory();
    await takeMany('hog', 10, 100);
    assert.equal(held('hog'), ADDRESS / 2 / 10);
    await takeMany('calm', 10, 30);
    assert.equal(held('calm'), 30);
  });

  it('is enough for one body of a namespace that is as large as all of it, and for no second one beside it', async () => {
    const { take, held, giveBack } = memory();
    await take('shop', ADDRESS);
    await take('shop', 30);
    assert.equal(held('shop'), 1);
    await giveBack();
    assert.equal(held('shop'), 1, 'the second one has begun');
  });

  for (const noisy of [4, 40, 100])
    it(`goes next to a namespace that sends little, whatever size, beside ${noisy} that always have more`, async () => {
      const { take, takeMany, held, giveBack } = memory();
      for (let at = 0; at < noisy; at++) await takeMany(`noisy-${at}`, 100, noisy > 4 ? 1 : 3);
      const goOn = async (rounds: number) => {
        for (let round = 0; round < rounds; round++) await take(await giveBack(), 100);
      };
      await goOn(2 * noisy);
      await take('calm', 100);
      await giveBack();
      assert.equal(held('calm'), 1);
      await giveBack('calm');
      await goOn(2 * noisy);
      // A large one waits until there is room for it, and those behind it wait as well.
      await take('calm', 350);
      for (let at = 0; at < 4; at++) await giveBack();
      assert.equal(held('calm'), 1);
    });

  it('has a bounded number of bodies that wait: beyond it, those leave that had most', async () => {
    const { take, takeMany, held, refused, giveBack } = memory();
    await takeMany('hog', 100, 4 + WAITING + 2);
    assert.deepEqual([held('hog'), refused.length], [3, 3]);
    await takeMany('other', 100, 5);
    assert.deepEqual(new Set(refused), new Set(['too many of hog']));
    await take('calm', 100);
    assert.deepEqual(new Set(refused), new Set(['too many of hog']));
    await giveBack();
    await giveBack();
    assert.equal(held('calm'), 1);
  });

  it('is shared by addresses, whatever namespaces they name', async () => {
    const { takeMany, held } = memory();
    for (let at = 0; at < 100; at++) await takeMany(`n${at}`, 20, 1, 'stranger');
    await takeMany('shop', 20, 17);
    assert.equal(held('shop'), 17);
  });

  it('is refused to an address while others hold too much', async () => {
    const { takeMany, held, refused } = memory();
    for (const address of ['a', 'b', 'c']) for (const namespace of ['x', 'y']) await takeMany(namespace, 50, 20, address);
    assert.ok(refused.length > 0);
    await takeMany('shop', 20, 2);
    assert.equal(held('shop'), 2);
  });
});
