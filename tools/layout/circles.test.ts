import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findCircles } from './circles.ts';
import type { Source } from './source.ts';

/** Files by name, with the names of what each imports. */
const files = (imports: Record<string, string>): Source[] =>
  Object.entries(imports).map(([path, targets]) => ({
    path,
    lines: 1,
    imports: targets
      .split(' ')
      .filter((target) => target !== '')
      .map((target) => ({ specifier: `./${target}`, target })),
  }));

describe('Import circles', () => {
  const cases: readonly [what: string, imports: Record<string, string>, circles: string[][]][] = [
    ['finds none in a chain', { a: 'b', b: 'c', c: '' }, []],
    ['finds none where two paths meet again', { a: 'b c', b: 'd', c: 'd', d: '' }, []],
    ['finds two files that import each other', { a: 'b', b: 'a' }, [['a', 'b']]],
    ['finds a file that imports itself', { a: 'a' }, [['a']]],
    [
      'names no file that only leads into a circle or out of it',
      { in: 'a', a: 'b', b: 'c', c: 'a out', out: '' },
      [['a', 'b', 'c']],
    ],
    ['reports circles that share a file as one', { a: 'b c', b: 'a', c: 'a' }, [['a', 'b', 'c']]],
    [
      'reports circles that share none apart',
      { c: 'd', d: 'c', a: 'b c', b: 'a' },
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    ['knows nothing of files that are not listed', { a: 'elsewhere' }, []],
  ];
  for (const [what, imports, circles] of cases) {
    it(what, () => assert.deepEqual(findCircles(files(imports)), circles));
    it(`${what}, in any order`, () => assert.deepEqual(findCircles(files(imports).reverse()), circles));
  }
});
