import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { usesOf } from './selectors.ts';

describe('What an expression needs', () => {
  it('is each metric with the labels that it selects', () => {
    assert.deepEqual(usesOf('up{job="a", code=~"5.."} / down == bool 1'), [
      { metric: 'up' },
      { metric: 'up', label: 'job', equals: 'a' },
      { metric: 'up', label: 'code' },
      { metric: 'down' },
    ]);
  });

  it('is what it groups by, of each metric inside', () => {
    const uses = usesOf('histogram_quantile(0.9, sum by (le, name) (rate(a_bucket[5m]))) > max by (pod) (b)');
    assert.deepEqual(
      uses.filter(({ label }) => label !== undefined),
      [
        { metric: 'a_bucket', label: 'le' },
        { metric: 'a_bucket', label: 'name' },
        { metric: 'b', label: 'pod' },
      ],
    );
  });

  it('is not guessed', () => {
    assert.throws(() => usesOf('sum by (a) (b'), /cannot be parsed/);
    assert.throws(() => usesOf('sum({job="a"})'), /names no metric/);
  });
});
