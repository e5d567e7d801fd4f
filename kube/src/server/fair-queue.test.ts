import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FairQueue } from './fair-queue.ts';

for (const [slots, expected] of [
  [1, ['a1', 'b1', 'a2', 'a3', 'a4']],
  [2, ['a1', 'a2', 'b1', 'a3', 'a4']],
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
  for (const name of ['s1', 'x1', 'b1', 'x2', 's2']) await end(name);
  assert.deepEqual(begun, ['s1', 'x1', 'b1', 'x2', 's2', 's3']);
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

describe('One that asks seldom, beside many that always have more to do', () => {
  for (const noisy of [4, 40, 200])
    it(`is next, also when it asks again once the others had their turns: ${noisy} of them`, async () => {
      const { begun, take, end } = turns(new FairQueue(1));
      for (let at = 0; at < noisy; at++) await take('api', `n${at}`, ...Array.from({ length: 8 }, (_, turn) => `n${at}-${turn}`));
      for (let round = 0; round < 2 * noisy; round++) await end(begun.at(-1) ?? '');
      for (const name of ['q1', 'q2']) {
        await take('api', 'quiet', name);
        await end(begun.at(-1) ?? '');
        assert.equal(begun.at(-1), name);
        for (let round = 0; round < 2 * noisy; round++) await end(begun.at(-1) ?? '');
      }
      assert.deepEqual(new Set(begun.slice(0, noisy).map((name) => name.split('-')[0])).size, noisy, 'they take turns');
    });

  it('is next although each of the others asks only when its last turn has ended', async () => {
    const { begun, take, end } = turns(new FairQueue(1));
    for (let at = 0; at < 40; at++) await take('api', `n${at}`, `n${at}-0`);
    for (let round = 1; round < 100; round++) {
      const last = begun.at(-1) ?? '';
      await end(last);
      const part = last.split('-')[0] ?? '';
      await take('api', part, `${part}-${round}`);
    }
    await take('api', 'quiet', 'q');
    await end(begun.at(-1) ?? '');
    assert.equal(begun.at(-1), 'q');
  });

  it('has no claim for the time in which it did not ask: it does not keep the others out', async () => {
    const { begun, take, end } = turns(new FairQueue(1));
    await take('api', 'noisy', ...Array.from({ length: 60 }, (_, at) => `n${at}`));
    for (let round = 0; round < 40; round++) await end(begun.at(-1) ?? '');
    await take('api', 'quiet', 'q1', 'q2', 'q3', 'q4');
    for (let round = 0; round < 6; round++) await end(begun.at(-1) ?? '');
    assert.deepEqual(begun.slice(-6), ['q1', 'n41', 'q2', 'n42', 'q3', 'n43']);
  });
});

it('counts turns by their time where it has a clock: short ones are before long ones', async () => {
  let now = 0;
  const { begun, take, end } = turns(new FairQueue(1, { now: () => now }));
  await take('api', 'long', 'l1', 'l2', 'l3');
  await take('api', 'short', 's1', 's2', 's3', 's4');
  for (const name of ['l1', 's1', 's2', 's3', 's4', 'l2']) {
    now += name.startsWith('l') ? 100 : 10;
    await end(name);
  }
  assert.deepEqual(begun, ['l1', 's1', 's2', 's3', 's4', 'l2', 'l3']);
});

describe('A queue for amounts', () => {
  it('keeps room for the next one: smaller amounts of others do not pass a large one', async () => {
    const queue = new FairQueue(10);
    const endFirst = await queue.take('a', 'x', { amount: 6 });
    const begun: string[] = [];
    const large = queue.take('b', 'y', { amount: 8 }).then((end) => {
      begun.push('large');
      return end;
    });
    const small = queue.take('a', 'x', { amount: 3 }).then(() => begun.push('small'));
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(begun, []);
    endFirst();
    (await large)();
    await small;
    assert.deepEqual(begun, ['large', 'small']);
  });

  it('gives a part that has nothing any amount, and no more than its part beyond that', async () => {
    const queue = new FairQueue(10, { perPart: 5 });
    const end = await queue.take('a', 'x', { amount: 8 });
    let isBegun = false;
    const second = queue.take('a', 'x', { amount: 1 }).then(() => {
      isBegun = true;
    });
    (await queue.take('a', 'z', { amount: 2 }))();
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(isBegun, false);
    end();
    await second;
  });
});

it('lets one that waits leave, and goes on with those behind it', async () => {
  const queue = new FairQueue(2);
  const end = await queue.take('a', 'x');
  const leaving = new AbortController();
  const left = queue.take('b', 'y', { amount: 2, signal: leaving.signal });
  const behind = queue.take('c', 'z');
  leaving.abort(new Error('left'));
  await assert.rejects(left, /left/);
  (await behind)();
  end();
  await assert.rejects(queue.take('d', '', { signal: leaving.signal }), /left/);
  (await queue.take('d', '', { amount: 2 }))();
});

it('makes room among those that wait: the last one of the part that has had most leaves', async () => {
  const queue = new FairQueue(2);
  const ends = [await queue.take('a', 'x'), await queue.take('a', 'x')];
  const waiting = [queue.take('a', 'x'), queue.take('a', 'x'), queue.take('a', 'y')] as const;
  const why = (part: string) => new Error(`${part} leaves`);
  assert.equal(queue.displace('b', 'z', why), false, 'nothing waits of this key');
  assert.equal(queue.displace('a', 'x', why), false, 'none has had more');
  assert.equal(queue.displace('a', 'z', why), true);
  await assert.rejects(waiting[1], /x leaves/);
  for (const end of ends) end();
  for (const end of await Promise.all([waiting[0], waiting[2]])) end();
});

it('counts turns that run for as long as they have run', async () => {
  let now = 0;
  const queue = new FairQueue(2, { now: () => now });
  const end = await queue.take('a', 'slow');
  for (let round = 0; round < 5; round++) {
    now += 10;
    (await queue.take('a', 'quick'))();
  }
  const [slow] = [queue.take('a', 'slow'), queue.take('a', 'slow')];
  const late = queue.take('a', 'slow');
  late.catch(() => undefined);
  assert.equal(
    queue.displace('a', 'quick', () => new Error('left')),
    true,
  );
  end();
  (await slow)();
});
