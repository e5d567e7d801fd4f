import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backoff, backoffDelay } from './backoff.ts';

test('delays double up to the ceiling and start again after a reset', () => {
  const delays = backoff({ baseMs: 10, maxMs: 50 });
  assert.deepEqual([delays.next(), delays.next(), delays.next(), delays.next()], [10, 20, 40, 50]);
  delays.reset();
  assert.equal(delays.next(), 10);
});

test('jitter only lengthens, by its share at most', () => {
  assert.equal(backoffDelay(0, { baseMs: 100, maxMs: 1000, jitter: 0.5, random: () => 0 }), 100);
  assert.equal(backoffDelay(0, { baseMs: 100, maxMs: 1000, jitter: 0.5, random: () => 1 }), 150);
});

test('any number of failures gives the ceiling, never Infinity or NaN', () => {
  assert.equal(backoffDelay(5000, { baseMs: 5, maxMs: 1_000_000 }), 1_000_000);
});
