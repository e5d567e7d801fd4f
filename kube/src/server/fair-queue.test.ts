import assert from 'node:assert/strict';
import { it } from 'node:test';
import { FairQueue } from './fair-queue.ts';

for (const [slots, expected] of [
  [1, ['a1', 'a2', 'b1', 'a3', 'a4']],
  [2, ['a1', 'a2', 'a3', 'b1', 'a4']],
] as const)
  it(`lets ${slots} through at a time, and addresses take turns`, async () => {
    const queue = new FairQueue(slots);
    const order: string[] = [];
    let underWay = 0;
    const send = async (address: string, name: string) => {
      const end = await queue.take(address);
      underWay += 1;
      assert.ok(underWay <= slots);
      order.push(name);
      await new Promise((resolve) => setImmediate(resolve));
      underWay -= 1;
      end();
      end();
    };
    await Promise.all([send('a', 'a1'), send('a', 'a2'), send('a', 'a3'), send('b', 'b1'), send('a', 'a4')]);
    assert.deepEqual(order, expected);
    await Promise.all(['c1', 'c2', 'c3'].map((name) => send('c', name)));
    assert.equal(order.length, 8);
  });
