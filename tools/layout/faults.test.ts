import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { layoutFaults } from './faults.ts';
import { type Layout, layout } from './layout.ts';
import type { Source } from './source.ts';

const own: Layout = {
  folderLimit: 2,
  packages: { crds: [], policy: ['crds'], gateway: ['crds', 'policy'], operator: ['crds', 'policy'] },
  workshop: ['test', 'tools'],
  lineLimit: 300,
  longTables: [],
};

const source = (path: string, ...specifiers: string[]): Source => ({
  path,
  lines: 1,
  imports: specifiers.map((specifier) => ({
    specifier,
    target: specifier.startsWith('.') ? join(path, '..', specifier) : undefined,
  })),
});

describe('Who may import whom', () => {
  const allowed: readonly [what: string, Source][] = [
    ['a program imports a library', source('gateway/src/main.ts', '@sentinel/policy', '@sentinel/crds/schema')],
    ['a package imports what is not of this repository', source('crds/src/kinds.ts', 'zod', 'node:path')],
    ['a file imports from its own folder and those above', source('policy/src/rules/hosts.ts', './glob.ts', '../index.ts')],
    ['a file imports from a room beside its own', source('policy/src/rules/hosts.ts', '../verdict/combine.ts')],
    ['a file imports from a folder inside of its own room', source('policy/src/commands/rules/evaluate.ts', './shell/words.ts')],
    ['a file imports the index of a folder inside of another room', source('cli/src/main.ts', './commands/policy/index.ts')],
    ['a test imports whatever it tests', source('policy/src/plan/a.test.ts', '../commands/shell/words.ts')],
    ['a fixture imports from the folder of tests', source('cli/src/print/plan.test.ts', '../../test/golden.ts')],
    ['what is exported for tests comes from anywhere', source('policy/src/testing.ts', './commands/shell/words.ts')],
    ['tests and tools import each other by path', source('test/suites.ts', '../tools/testing/run-file.ts')],
    ['tests import what a program exports for them', source('test/e2e/a.test.ts', '@sentinel/gateway/testing')],
  ];
  for (const [what, one] of allowed) it(`allows that ${what}`, () => assert.deepEqual(layoutFaults([one], own), []));

  const refused: readonly [what: string, Source, fault: RegExp][] = [
    [
      'a program imports another',
      source('gateway/src/a.ts', '@sentinel/operator'),
      /^gateway\/src\/a\.ts imports '@sentinel\/operator': 'gateway' may import only 'crds', 'policy'\./,
    ],
    ['a library imports a program', source('policy/src/a.ts', '@sentinel/gateway/main'), /'policy' may import only 'crds'/],
    ['a library imports one above it', source('crds/src/a.ts', '@sentinel/policy'), /'crds' may import only no package/],
    ['a package imports itself by name', source('policy/src/a.ts', '@sentinel/policy'), /inside of a package, import by path/],
    [
      'a package that is not listed imports one that is',
      source('other/src/a.ts', '@sentinel/crds'),
      /'other' may import only no package/,
    ],
    [
      'a program reaches into another by path',
      source('gateway/src/a.ts', '../../operator/src/b.ts'),
      /must not lead into another package\. Import what '@sentinel\/operator' exports/,
    ],
    [
      'a tool reaches into a package by path',
      source('tools/image/a.ts', '../../gateway/src/main.ts'),
      /must not lead into another package/,
    ],
    [
      'a package reaches into the tools by path',
      source('gateway/src/a.ts', '../../tools/run.ts'),
      /must not lead into another package/,
    ],
    [
      'a test reaches into a program by path',
      source('test/e2e/a.test.ts', '../../gateway/src/ledger/store.ts'),
      /must not lead into another package/,
    ],
    [
      'a file reaches past a room into a folder inside of it',
      source('policy/src/plan/a.ts', '../commands/shell/words.ts'),
      /'policy\/src\/commands\/shell' is inside of another room/,
    ],
    [
      'the index of a package reaches past a room',
      source('policy/src/index.ts', './commands/shell/words.ts'),
      /is inside of another room/,
    ],
  ];
  for (const [what, one, fault] of refused)
    it(`refuses that ${what}`, () => {
      const faults = layoutFaults([one], own);
      assert.equal(faults.length, 1);
      assert.match(faults[0] ?? '', fault);
    });
});

describe('How large a folder may be', () => {
  const folder = (...names: string[]) => names.map((name) => source(`policy/src/rules/${name}`));
  it('allows as many sources as the limit', () => assert.deepEqual(layoutFaults(folder('a.ts', 'b.ts'), own), []));
  it('refuses more', () =>
    assert.deepEqual(layoutFaults(folder('a.ts', 'b.ts', 'c.ts'), own), [
      'policy/src/rules holds 3 sources, more than 2. Move those of one topic into a folder of their own.',
    ]));
  it('counts no tests and no fixtures', () =>
    assert.deepEqual(layoutFaults(folder('a.ts', 'b.ts', 'a.test.ts', 'a.fixture.ts', 'testing.ts'), own), []));
  it('counts what lies in a folder inside for that one', () =>
    assert.deepEqual(layoutFaults(folder('a.ts', 'b.ts', 'inner/c.ts', 'inner/d.ts'), own), []));
});

describe('How long a file may be', () => {
  const long = (path: string, lines: number): Source => ({ path, lines, imports: [] });
  const tables: Layout = { ...own, longTables: ['policy/src/table.ts'] };
  it('allows as many lines as the limit', () => assert.deepEqual(layoutFaults([long('policy/src/a.ts', 300)], own), []));
  for (const path of ['policy/src/a.ts', 'policy/src/a.test.ts', 'test/lib/a.fixture.ts'])
    it(`refuses more in ${path}`, () =>
      assert.deepEqual(layoutFaults([long(path, 301)], own), [
        `${path} has 301 lines, more than 300. Move what is of one topic into a file of its own.`,
      ]));
  it('allows more in a table that is listed', () =>
    assert.deepEqual(layoutFaults([long('policy/src/table.ts', 900)], tables), []));
  it('refuses the name of a table that is not longer, or not there', () => {
    const fault =
      "'policy/src/table.ts' is listed as a long table, but has no more than 300 lines or does not exist. Remove it from the list.";
    assert.deepEqual(layoutFaults([long('policy/src/table.ts', 300)], tables), [fault]);
    assert.deepEqual(layoutFaults([], tables), [fault]);
  });
});

it('names the files of an import circle, and what to do', () =>
  assert.deepEqual(layoutFaults([source('policy/src/a.ts', './b.ts'), source('policy/src/b.ts', './a.ts')], own), [
    'import circle: policy/src/a.ts, policy/src/b.ts. Move what they share into a file that imports neither.',
  ]));

it('lets no package import a program', () => {
  for (const [name, imports] of Object.entries(layout.packages))
    for (const program of ['operator', 'webhook', 'gateway', 'cli'])
      assert.ok(!imports.includes(program), `${name} may import ${program}`);
});
