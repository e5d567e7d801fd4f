import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { always, leftovers, suiteNames, suites } from '../../test/suites.ts';

const root = join(import.meta.dirname, '..', '..');
const everyFile = globSync(
  ['test/**/*.test.ts', 'cluster/test/*.test.ts', '{kube,operator,webhook,gateway,evidence,cli}/**/*integration*.test.ts'],
  {
    cwd: root,
    exclude: (name) => name === 'node_modules',
  },
).sort();

describe('The table of suites', () => {
  it('has each test file that needs the cluster in exactly one place', () => {
    const listed = [...always, ...suites.flatMap(({ files }) => files), leftovers].sort();
    const missing = everyFile.filter((file) => !listed.includes(file));
    assert.deepEqual(missing, [], `add to a suite in test/suites.ts: ${missing.join(', ')}`);
    assert.deepEqual(listed, everyFile, 'test/suites.ts lists a file twice, or one that does not exist');
  });

  it('has each suite once, under a name that is planned', () => {
    const names = suites.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
    assert.deepEqual(
      names.filter((name) => !suiteNames.includes(name)),
      [],
    );
  });

  for (const { name, files, proof } of suites) {
    it(`proves '${name}' with files of its own, and names cases that exist`, () => {
      assert.ok(proof.length > 0);
      for (const { file, cases } of proof) {
        assert.ok(files.includes(file), file);
        const source = readFileSync(join(root, file), 'utf8');
        for (const text of cases?.flat() ?? []) assert.ok(source.includes(`'${text}'`), `${file}: no case '${text}'`);
      }
    });
  }
});
