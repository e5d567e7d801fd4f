import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { rooms, selectRoom } from './rooms.ts';

const root = join(import.meta.dirname, '..', '..');
const filesOf = (patterns: readonly string[]) => patterns.flatMap((pattern) => globSync(pattern, { cwd: root }));

describe('Mutation testing', () => {
  it('changes all folders of the table, with the tests of each', () => {
    const all = selectRoom('');
    assert.equal(all.mutate.length, rooms.length);
    assert.deepEqual(all.packages, ['crds', 'policy', 'gateway']);
    assert.equal(all.testFiles.length, 3);
  });

  it('changes one folder, with its tests alone', () => {
    const { mutate, testFiles, packages } = selectRoom('gateway/src/ledger');
    assert.deepEqual(mutate, ['gateway/src/ledger/!(*.test|*.fixture).ts']);
    assert.deepEqual(packages, ['crds', 'gateway']);
    assert.ok(filesOf(testFiles).every((file) => file.startsWith('gateway/src/')));
  });

  it('changes one file', () =>
    assert.deepEqual(selectRoom('gateway/src/ledger/entry.ts').mutate, ['gateway/src/ledger/entry.ts']));

  it('refuses every other folder, and names the existing ones', () => {
    for (const other of ['gateway/src', 'gateway/src/ledger2', 'policy'])
      assert.throws(() => selectRoom(other), /no mutants are made in '.*'; set ROOM to one of 'policy\/src\/approval', /);
  });

  for (const { folder } of rooms)
    it(`has sources and tests in ${folder}`, () => {
      const { mutate, testFiles } = selectRoom(folder);
      const sources = filesOf(mutate);
      assert.ok(sources.length > 0 && !sources.some((file) => /\.(test|fixture)\.ts$/.test(file)), sources.join());
      assert.ok(filesOf(testFiles).some((file) => file.startsWith(`${folder}/`)));
    });
});
