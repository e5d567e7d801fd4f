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

/** Takes turns that end when the test says so, and notes who has begun. */
function turns(queue: FairQueue) {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const take = async (key: string, part: string, name: string) => {
    const end = await queue.take(key, part);
    begun.push(name);
    ends.set(name, end);
  };
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return {
    begun,
    take: (key: string, part: string, ...names: string[]) => {
      for (const name of names) void take(key, part, name);
      return settle();
    },
    end: (name: string) => {
      ends.get(name)?.();
      return settle();
    },
  };
}

it('lets the parts of a key take turns, as keys do', async () => {
  const { begun, take, end } = turns(new FairQueue(1));
  await take('a', 'shop', 's1', 's2', 's3');
  await take('a', 'bank', 'b1');
  await take('c', 'x', 'x1', 'x2');
  for (const name of ['s1', 's2', 'x1', 'b1', 'x2']) await end(name);
  assert.deepEqual(begun, ['s1', 's2', 'x1', 'b1', 'x2', 's3']);
});

it('leaves slots to other parts, and gives them to one that waits when another one of its own ends', async () => {
  const { begun, take, end } = turns(new FairQueue(4, { perPart: 2 }));
  await take('a', 'shop', 's1', 's2', 's3', 's4');
  assert.deepEqual(begun, ['s1', 's2']);
  await take('a', 'bank', 'b1');
  assert.deepEqual(begun, ['s1', 's2', 'b1']);
  await end('b1');
  assert.deepEqual(begun.length, 3, 'two of shop are at work still');
  await end('s1');
  await end('s1');
  assert.deepEqual(begun, ['s1', 's2', 'b1', 's3']);
  await take('b', 'shop', 'other');
  assert.equal(begun.at(-1), 'other', 'a part of another key is another part');
});
