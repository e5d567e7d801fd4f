import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byNamespace, ReadyKeys } from './ready-keys.ts';
import { WorkQueue } from './workqueue.ts';

test('groups take turns, and within a group the oldest key comes first', async () => {
  const queue = new WorkQueue({ grouping: byNamespace(100) });
  for (const key of ['a/1', 'a/2', 'a/3', 'b/1', 'b/2', 'c/1']) queue.add(key);
  const order = [];
  for (let at = 0; at < 6; at++) order.push(await queue.get());
  assert.deepEqual(order, ['a/1', 'b/1', 'c/1', 'a/2', 'b/2', 'a/3']);
});

test('a thousand keys of one group delay the key of another by one of them', async () => {
  const queue = new WorkQueue({ grouping: byNamespace(100) });
  for (let at = 0; at < 1000; at++) queue.add(`hostile/${at}`);
  await queue.get();
  queue.add('calm/1');
  assert.deepEqual([await queue.get(), await queue.get()], ['hostile/1', 'calm/1']);
});

test('a group never has all workers: who waits gets the key of another group at once, and the next one of its own when one is done', async () => {
  const queue = new WorkQueue({ grouping: byNamespace(2) });
  for (const key of ['a/1', 'a/2', 'a/3']) queue.add(key);
  const taken: (string | undefined)[] = [];
  for (let worker = 0; worker < 4; worker++) void queue.get().then((key) => taken.push(key));
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(taken, ['a/1', 'a/2']);
  queue.add('b/1');
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(taken, ['a/1', 'a/2', 'b/1']);
  queue.done('a/1');
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(taken, ['a/1', 'a/2', 'b/1', 'a/3']);
});

test('a key that was added while it was worked on keeps its group within its bound', async () => {
  const queue = new WorkQueue({ grouping: byNamespace(1) });
  queue.add('a/1');
  await queue.get();
  queue.add('a/1');
  queue.add('a/2');
  const next = queue.get();
  queue.done('a/1');
  assert.equal(await next, 'a/2');
  queue.done('a/2');
  assert.equal(await queue.get(), 'a/1');
});

test('without a grouping the oldest key of all comes first', () => {
  const ready = new ReadyKeys<string>();
  for (const key of ['b/1', 'a/1', 'b/2']) ready.add(key);
  assert.deepEqual([ready.take()?.key, ready.take()?.key, ready.take()?.key, ready.take()], ['b/1', 'a/1', 'b/2', undefined]);
});

test('objects without a namespace are one group', async () => {
  const queue = new WorkQueue({ grouping: byNamespace(1) });
  for (const key of ['floor', 'other', 'a/1']) queue.add(key);
  assert.deepEqual([await queue.get(), await queue.get()], ['floor', 'a/1']);
});
