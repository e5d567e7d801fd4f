import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { paths } from '@sentinel/cluster';
import { consoleBlocks, isShown } from '../../tools/docs/console-blocks.ts';
import { tryRun } from '../../tools/run.ts';
import { admin } from '../lib/cluster.ts';
import { loadedImages } from '../lib/images.ts';

const root = join(import.meta.dirname, '..', '..');
const [first, ...commands] = consoleBlocks(readFileSync(join(root, 'docs', 'tutorial.md'), 'utf8'));

// Each command as the text has it, by a shell, and what it prints as the text shows it.
describe('The tutorial', { concurrency: false }, () => {
  const remove = () => admin.tryKubectl(['delete', 'namespace', 'bakery', '--ignore-not-found']);
  before(remove);
  after(() => admin.tryKubectl(['delete', 'namespace', 'bakery', '--ignore-not-found', '--wait=false']));
  const env = {
    KUBECONFIG: paths.kubeconfig,
    PATH: `${join(root, 'cli', 'bin')}:${paths.bin}:${process.env.PATH}`,
    TOOLS_IMAGE: loadedImages().tools,
  };

  it('begins by asking the demo for an image, which is known here', () =>
    assert.match(first?.command ?? '', /^export TOOLS_IMAGE=/));

  let failed = false;
  for (const { command, output } of commands)
    it(command, async () => {
      assert.ok(!failed, 'the command before it failed');
      failed = true;
      const { code, stdout, stderr } = await tryRun('bash', ['-o', 'pipefail', '-c', command], { env, cwd: root });
      const printed = `${stdout}${stderr}`;
      assert.ok(isShown(output, printed), `the text shows\n${output.join('\n')}\nand it printed\n${printed}`);
      assert.equal(code === 0, !output.some((line) => line.startsWith('error:')), `exit code ${code}: ${printed}`);
      failed = false;
    });
});
