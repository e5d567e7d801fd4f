import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { bundlePlugin } from './bundle.ts';
import { tryRun } from './run.ts';

const root = join(import.meta.dirname, '..');

it('kubectl sentinel, as one file and away from its sources, answers as they do', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sentinel-plugin-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const plugin = join(folder, 'kubectl-sentinel');
  copyFileSync(await bundlePlugin(), plugin);
  const policies = join(root, 'examples', 'policies', 'read-only-agents');
  const asked = ['policy', 'can-i', '--as', 'agent', '-f', policies, '--', 'kubectl', 'delete', 'pod', 'x'];
  const [one, sources] = await Promise.all([
    tryRun(process.execPath, [plugin, ...asked]),
    tryRun(process.execPath, [join(root, 'cli', 'src', 'entry.ts'), ...asked]),
  ]);
  assert.match(one.stdout, /'kubectl delete pod x' is denied by/);
  assert.deepEqual(one, sources);
});
