import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';

const root = join(import.meta.dirname, '..', '..');
const pages = globSync('**/*.md', { cwd: root, exclude: (name) => name === 'node_modules' || name === 'dist' }).map(String);

/** The anchors of the headings of a page, as GitHub makes them. */
const anchors = (text: string): string[] =>
  [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );

/** The links of a page that lead to files of this repository, without those in examples of code. */
const links = (text: string): string[] =>
  [...text.replace(/```[\s\S]*?```|`[^`\n]*`/g, '').matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link = '']) => link)
    .filter((link) => !/^[a-z]+:/.test(link));

/** Paths of source files that a page names in backticks, from the root or from its own folder. */
const sources = (text: string): string[] =>
  [
    ...text.matchAll(
      /`((?:crds|policy|kube|operator|webhook|gateway|evidence|cli|tools|test|charts|cluster)\/[\w./-]+\.(?:ts|yaml|json))`/g,
    ),
  ].map(([, path = '']) => path);

describe('The documentation', () => {
  for (const page of pages) {
    const text = readFileSync(join(root, page), 'utf8');
    it(`links to what exists: ${page}`, () => {
      const broken = links(text).filter((link) => {
        const [path = '', anchor] = link.split('#');
        const target = path === '' ? page : join(dirname(page), path);
        if (!existsSync(join(root, target))) return true;
        return (
          anchor !== undefined && target.endsWith('.md') && !anchors(readFileSync(join(root, target), 'utf8')).includes(anchor)
        );
      });
      assert.deepEqual(broken, []);
    });
    if (page !== 'CHANGELOG.md')
      it(`names files that exist: ${page}`, () => {
        assert.deepEqual(
          sources(text).filter(
            (path) => !existsSync(join(root, path)) && !existsSync(join(root, dirname(page), path)) && !path.includes('NAME'),
          ),
          [],
        );
      });
  }
});
