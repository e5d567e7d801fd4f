import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { examples } from '../test/offline.ts';

const ENTRY = join(import.meta.dirname, 'entry.ts');
const asked = ['policy', 'can-i', '-f', join(examples, 'read-only-agents'), '--as', 'system:serviceaccount:shop:triage-agent'];

describe('the process', () => {
  it('ends with the code of its answer, also when nobody reads what it prints', async () => {
    const child = spawn(process.execPath, [ENTRY, ...asked, '--', 'kubectl', 'delete', 'pod', 'x'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.destroy();
    child.stderr.destroy();
    assert.deepEqual(await once(child, 'exit'), [1, null]);
  });
});
