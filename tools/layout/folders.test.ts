import assert from 'node:assert/strict';
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';

const root = join(import.meta.dirname, '..', '..');
const whole = readFileSync(join(root, 'docs', 'architecture.md'), 'utf8');
const page = whole.slice(whole.indexOf('| package | folders of `src/` |')).split('\n\n')[0] ?? '';
const rows = [...page.matchAll(/^\| `([a-z]+)\/` \| (.*\/` .*) \|$/gm)].map(([, name = '', text = '']) => ({ name, text }));

describe('The table of folders in docs/architecture.md', () => {
  it('has every package with folders', () => assert.ok(rows.length >= 8, String(rows.length)));

  for (const { name, text } of rows) {
    const source = join(root, name, 'src');
    const folders = readdirSync(source, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
    const written = [...text.matchAll(/`([a-z-]+)\/`/g)].map(([, folder = '']) => folder);

    it(`names each folder of ${name}/src that has sources`, () => {
      const sources = (folder: string) => globSync('**/*.ts', { cwd: join(source, folder) });
      assert.deepEqual(
        folders.filter((folder) => folder !== 'generated' && sources(folder).length > 0 && !written.includes(folder)),
        [],
      );
    });

    it(`names no folder that ${name}/src does not have`, () => {
      const all = globSync('**/', { cwd: source }).map((path) => path.split('/').filter(Boolean).at(-1));
      assert.deepEqual(
        written.filter((folder) => !all.includes(folder)),
        [],
      );
      assert.ok(existsSync(source));
    });
  }
});
