import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { findCircles } from './circles.ts';
import { readSources } from './read-sources.ts';
import type { Source } from './source.ts';

describe('What a file imports', () => {
  const root = mkdtempSync(join(tmpdir(), 'layout-'));
  let sources: Source[] = [];
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  const importsOf = (path: string) => sources.find((source) => source.path === path)?.imports.map(({ target }) => target) ?? [];
  before(() => {
    const compilerOptions = { module: 'nodenext', noEmit: true, types: [], allowImportingTsExtensions: true };
    write('tsconfig.json', JSON.stringify({ compilerOptions, include: ['src'] }));
    write('src/value.ts', "import { a } from './room/a.ts';\nexport const b = a;\n");
    write('src/type.ts', "import type { A } from './room/a.ts';\nexport type B = A;\n");
    write('src/mixed.ts', "import { type A } from './room/a.ts';\nexport type B = A;\n");
    write('src/inline.ts', "export type B = import('./room/a.ts').A;\n");
    write('src/later.ts', "export const b = async () => import('./room/a.ts');\n");
    write(
      'src/again.ts',
      "export * from './room/a.ts';\nexport type * from './room/a.ts';\nexport { a as c } from './room/a.ts';\n",
    );
    write('src/none.ts', "// import './room/a.ts';\nexport const text = \"import './room/a.ts'\";\n");
    write('src/package.ts', "import { join } from 'node:path';\nexport const b = join;\n");
    write('src/room/a.ts', "import type { B } from '../inline.ts';\nexport const a = 1;\nexport type A = B | 1;\n");
    sources = readSources(root);
  });
  after(() => rmSync(root, { recursive: true }));

  for (const how of ['value', 'type', 'mixed', 'inline', 'later', 'again'])
    it(`sees an import that is written as in ${how}.ts`, () => assert.deepEqual(importsOf(`src/${how}.ts`), ['src/room/a.ts']));
  it('sees none in comments and strings', () => assert.deepEqual(importsOf('src/none.ts'), []));
  it('knows packages from files', () =>
    assert.deepEqual(sources.find(({ path }) => path === 'src/package.ts')?.imports, [
      { specifier: 'node:path', target: undefined },
    ]));
  it('counts the lines of a file', () =>
    assert.deepEqual(
      ['value', 'type', 'again'].map((name) => sources.find(({ path }) => path === `src/${name}.ts`)?.lines),
      [2, 2, 3],
    ));
  it('finds a circle of types alone', () => assert.deepEqual(findCircles(sources), [['src/inline.ts', 'src/room/a.ts']]));
});
