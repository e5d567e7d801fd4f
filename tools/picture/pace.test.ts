import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pace } from './pace.ts';

describe('the pace of a recording', () => {
  it('cuts long waits short, and leaves time to read a section before the next one', () => {
    const lines = [
      { at: 10, text: '1. one' },
      { at: 10, text: 'a' },
      { at: 90, text: 'b' },
      { at: 90.5, text: '2. two' },
    ];
    const times = pace(lines, (text) => /^\d/.test(text)).map(({ at }) => Number(at.toFixed(2)));
    assert.deepEqual(times, [0.03, 0.06, 1.06, 1.74]);
  });
});
