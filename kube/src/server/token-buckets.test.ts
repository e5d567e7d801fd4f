import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TokenBuckets } from './token-buckets.ts';

describe('Token buckets', () => {
  it('let a burst through, then one for each token that comes back, for each key', () => {
    let now = 0;
    const buckets = new TokenBuckets({ burst: 3, perSecond: 0.5, max: 10 }, () => now);
    const takes = (key: string, times: number) => Array.from({ length: times }, () => buckets.take(key));
    assert.deepEqual(takes('a', 4), [true, true, true, false]);
    assert.deepEqual(takes('b', 1), [true]);
    now += 2_000;
    assert.deepEqual(takes('a', 2), [true, false]);
    buckets.giveBack('a');
    assert.deepEqual(takes('a', 2), [true, false]);
    now += 60_000;
    assert.deepEqual(takes('a', 4), [true, true, true, false]);
  });

  it('are kept for a bounded number of keys', () => {
    const buckets = new TokenBuckets({ burst: 1, perSecond: 1, max: 2 }, () => 0);
    assert.deepEqual(
      ['a', 'b', 'a', 'c', 'a', 'b'].map((key) => buckets.take(key)),
      [true, true, false, true, false, true],
    );
  });
});
