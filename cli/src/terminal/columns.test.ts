import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UsageError } from '../usage-error.ts';
import { customColumns, sortBy } from './columns.ts';

const objects = [
  { metadata: { name: 'b', labels: { 'app.io/team': 'x' } }, status: { plan: { effects: 10 } }, list: [{ a: 1 }, { a: 2 }] },
  { metadata: { name: 'a\u001b[2J' }, status: { plan: { effects: 9 } }, list: [] },
  { metadata: { name: 'c' }, list: [] },
];

describe('custom-columns', () => {
  it('prints the columns as kubectl does, in each way to write a path, and escapes what could harm a terminal', () => {
    assert.equal(
      customColumns(
        objects,
        'NAME:.metadata.name,EFFECTS:{.status.plan.effects},As:list[*].a,TEAM:.metadata.labels.app\\.io/team',
        true,
      ),
      `NAME           EFFECTS   As       TEAM
b              10        1,2      x
a\\u001b[2J   9         <none>   <none>
c              <none>    <none>   <none>`
        .replace('NAME           ', 'NAME         ')
        .replace('b              ', 'b            ')
        .replace('c              ', 'c            '),
    );
  });

  it('prints no headings where none are wanted', () => {
    assert.equal(customColumns(objects.slice(2), 'NAME:.metadata.name', false), 'c');
    assert.equal(customColumns([], 'NAME:.metadata.name', false), '');
  });

  it('refuses what is not HEADING:PATH', () => {
    for (const spec of ['', 'NAME', 'NAME:', ':.metadata.name', 'NAME:.metadata.name,'])
      assert.throws(() => customColumns(objects, spec, true), UsageError, spec);
  });
});

describe('sort-by', () => {
  const names = (path: string) => sortBy(objects, path).map(({ metadata }) => metadata.name.slice(0, 1));
  it('orders numbers by size and everything else by text; what lacks the field comes first', () => {
    assert.deepEqual(names('.status.plan.effects'), ['c', 'a', 'b']);
    assert.deepEqual(names('{.metadata.name}'), ['a', 'b', 'c']);
  });

  it('refuses a field that no object has', () => {
    assert.throws(() => names('.metadata.nome'), /no object has the field '\.metadata\.nome'/);
    assert.deepEqual(sortBy([], '.x'), []);
  });
});
