import assert from 'node:assert/strict';
import { test } from 'node:test';
import { down, status, traces } from '@sentinel/cluster';

// Runs at the very end of the suite: it ends the cluster.
test('nothing of the cluster is left after down, and down can be repeated', async () => {
  await down();
  assert.deepEqual(await traces(), []);
  assert.equal((await status()).up, false);
  await down();
});
