import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { examples, policy } from '../../../test/offline.ts';

const library = join(examples, '..', 'playbooks');
const floor = join(library, 'floor.yaml');

describe('The Playbooks that read', () => {
  for (const { name } of readdirSync(library, { withFileTypes: true }).filter((entry) => entry.isDirectory()))
    it(`${name} is valid, has a README, and its policy passes its cases and lint`, async () => {
      const tested = await policy(['test', join(library, name), floor]);
      assert.equal(tested.code, 0, tested.out + tested.error);
      assert.match(tested.out, /reads no Secret[^\n]*protected secrets/);
      const linted = await policy(['lint', join(library, name), floor]);
      assert.match(linted.out, /^Nothing found/, linted.out);
      for (const file of ['README.md', 'playbook.yaml', 'policy.yaml', 'cases.yaml'])
        assert.ok(existsSync(join(library, name, file)), file);
    });
});
