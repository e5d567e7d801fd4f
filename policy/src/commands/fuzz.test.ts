import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { campaign } from './fuzz/campaign.ts';

describe('What is read of a script', () => {
  it('holds every command that bash really executes', async () => {
    const { misses, plainOpaque, executed } = await campaign(300, 11, 6);
    assert.deepEqual(
      misses.map(({ sample, comparison }) => [sample.script, comparison.missed]),
      [],
    );
    assert.ok(executed > 150, `only ${executed} commands ran`);
    assert.equal(plainOpaque, 0);
  });
});
