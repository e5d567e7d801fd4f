import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { writeAtomically } from './atomic-file.ts';

it('A file that the disk does not take leaves nothing behind, so that a full disk does not fill up further', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'evidence-'));
  const temporary = join(folder, 'tmp');
  mkdirSync(temporary);
  async function* content() {
    yield 'the beginning';
    throw new Error('ENOSPC: no space left on device');
  }
  await assert.rejects(writeAtomically(join(folder, 'file'), content() as unknown as Buffer, temporary), /ENOSPC/);
  assert.deepEqual([readdirSync(folder), readdirSync(temporary)], [['tmp'], []]);
  rmSync(folder, { recursive: true });
});
