import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../testing.ts';
import { WorkQueue } from './workqueue.ts';

test('a key added many times is handed out once', async () => {
  const queue = new WorkQueue();
  for (let i = 0; i < 5; i++) queue.add('a');
  assert.equal(queue.length, 1);
  assert.equal(await queue.get(), 'a');
  queue.done('a');
  assert.equal(queue.length, 0);
});

test('a key added while it is worked on is not handed out until done, and then once', async () => {
  const queue = new WorkQueue();
  queue.add('a');
  await queue.get();
  queue.add('a');
  queue.add('a');
  assert.equal(queue.length, 0);
  queue.done('a');
  assert.equal(queue.length, 1);
  assert.equal(await queue.get(), 'a');
  queue.done('a');
  assert.equal(queue.length, 0);
});

test('keys are handed out in the order they were added, to waiters in the order they came', async () => {
  const queue = new WorkQueue();
  const [first, second] = [queue.get(), queue.get()];
  queue.add('a');
  queue.add('b');
  queue.add('c');
  assert.deepEqual([await first, await second, await queue.get()], ['a', 'b', 'c']);
});

test('a waiter gets a key at the moment it is added, never one that is being worked on', async () => {
  const queue = new WorkQueue();
  queue.add('a');
  await queue.get();
  let taken: string | undefined;
  const waiting = queue.get().then((key) => {
    taken = key;
  });
  queue.add('a');
  await Promise.resolve();
  assert.equal(taken, undefined);
  queue.done('a');
  await waiting;
  assert.equal(taken, 'a');
});

test('delays grow with each failure, have a ceiling, and are forgotten on success', () => {
  const clock = new FakeClock();
  const queue = new WorkQueue({ clock, limiter: { baseMs: 5, maxMs: 20 } });
  const delays = [5, 10, 20, 20];
  for (const delay of delays) {
    queue.addRateLimited('a');
    clock.advance(delay - 1);
    assert.equal(queue.length, 0, `before ${delay} ms`);
    clock.advance(1);
    assert.equal(queue.length, 1, `after ${delay} ms`);
    void queue.get();
    queue.done('a');
  }
  assert.equal(queue.retries('a'), 4);
  queue.forget('a');
  queue.addRateLimited('a');
  clock.advance(5);
  assert.equal(queue.length, 1);
});

test('of several delayed adds the earliest wins, and there is one hand-out', () => {
  const clock = new FakeClock();
  const queue = new WorkQueue({ clock });
  queue.addAfter('a', 1000);
  queue.addAfter('a', 100);
  queue.addAfter('a', 500);
  clock.advance(100);
  assert.equal(queue.length, 1);
  void queue.get();
  queue.done('a');
  clock.advance(2000);
  assert.equal(queue.length, 0);
});

test('shutDown ends every get, drops what waits and leaves no timer', async () => {
  const clock = new FakeClock();
  const queue = new WorkQueue({ clock });
  const waiting = queue.get();
  queue.addAfter('a', 10);
  queue.shutDown();
  assert.equal(await waiting, undefined);
  assert.equal(clock.pending, 0);
  queue.add('b');
  assert.equal(await queue.get(), undefined);
});

test('a key re-added during work is not revived by done after shutDown', async () => {
  const queue = new WorkQueue();
  queue.add('a');
  await queue.get();
  queue.add('a');
  queue.shutDown();
  queue.done('a');
  assert.equal(queue.length, 0);
});
