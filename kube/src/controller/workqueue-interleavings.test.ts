import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../testing.ts';
import { byNamespace } from './ready-keys.ts';
import { WorkQueue } from './workqueue.ts';

/** Numbers that are the same for the same seed (mulberry32). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const keys = ['a/1', 'a/2', 'a/3', 'b/1', 'b/2', 'cluster'];
const WORKERS = 3;
const PER_GROUP = 2;

/** Workers, adders and time in an order that the seed decides. Asserts at each step; gives what was asked for and not yet handed out. */
async function run(seed: number) {
  const next = numbers(seed);
  const pick = <T>(of: readonly T[]): T => of[Math.floor(next() * of.length)] as T;
  const clock = new FakeClock();
  const queue = new WorkQueue({ clock, limiter: { baseMs: 5, maxMs: 40 }, grouping: byNamespace(PER_GROUP) });
  const working = new Set<string>();
  /** Keys that were added since they were last handed out. */
  const owed = new Set<string>();
  let waiting = 0;
  const take = () => {
    waiting += 1;
    void queue.get().then((key) => {
      waiting -= 1;
      if (key === undefined) return;
      assert.ok(!working.has(key), `${key} is handed out twice (seed ${seed})`);
      assert.ok(owed.delete(key), `${key} is handed out and nobody asked for it (seed ${seed})`);
      working.add(key);
      const group = [...working].filter((one) => one.split('/')[0] === key.split('/')[0] && one.includes('/'));
      assert.ok(group.length <= PER_GROUP, `${group} (seed ${seed})`);
    });
  };
  /** Keys that were asked for later. Adding them now takes nothing of that back. */
  const due = new Set<string>();
  const steps: (() => void)[] = [
    () => {
      const key = pick(keys);
      owed.add(key);
      queue.add(key);
    },
    () => {
      const key = pick(keys);
      due.add(key);
      if (next() < 0.5) queue.addAfter(key, 1 + Math.floor(next() * 30));
      else queue.addRateLimited(key);
    },
    () => {
      if (working.size + waiting < WORKERS) take();
    },
    () => {
      const key = pick([...working, ...keys]);
      // Also for keys that nobody works on, which must do nothing.
      working.delete(key);
      queue.done(key);
    },
    () => queue.forget(pick(keys)),
  ];
  for (let step = 0; step < 120; step += 1) {
    pick(steps)();
    await Promise.resolve();
    if (next() < 0.2) {
      // All that is delayed falls due within this time.
      for (const key of due) owed.add(key);
      due.clear();
      clock.advance(50);
      await Promise.resolve();
    }
  }
  for (const key of due) owed.add(key);
  clock.advance(50);
  for (let turn = 0; turn < 100 && (owed.size > 0 || working.size > 0); turn += 1) {
    await Promise.resolve();
    for (const key of [...working]) {
      working.delete(key);
      queue.done(key);
    }
    if (waiting < WORKERS) take();
  }
  await Promise.resolve();
  assert.deepEqual([[...owed], queue.length], [[], 0], `lost (seed ${seed})`);
  queue.shutDown();
  assert.equal(clock.pending, 0);
}

describe('A work queue', () => {
  it('loses no key and gives none to two workers, in whatever order things happen', async () => {
    for (let seed = 1; seed <= 200; seed += 1) await run(seed);
  });

  it('forgets delays of a key that is handed out for another reason', async () => {
    const clock = new FakeClock();
    const queue = new WorkQueue({ clock });
    queue.addAfter('a', 100);
    queue.add('a');
    assert.equal(await queue.get(), 'a');
    queue.done('a');
    clock.advance(100);
    // What was asked for later still comes: the reason for it may be another one.
    assert.equal(queue.length, 1);
  });

  it('hands out at once what is due at once, and replaces a delay by a sooner one', () => {
    const clock = new FakeClock();
    const queue = new WorkQueue({ clock });
    queue.addAfter('now', 0);
    queue.addAfter('late', 1_000);
    queue.addAfter('late', 10);
    assert.deepEqual([queue.length, clock.pending], [1, 1]);
    clock.advance(10);
    assert.deepEqual([queue.length, clock.pending], [2, 0]);
  });
});
