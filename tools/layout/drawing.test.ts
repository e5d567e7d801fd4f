import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BEGIN, drawing, END, withDrawing } from './drawing.ts';

const layout = { folderLimit: 15, packages: { a: [], b: ['a'], c: ['a', 'b'] }, workshop: [], lineLimit: 300, longTables: [] };

describe('The drawing of the packages', () => {
  it('has each package, and no arrow that follows from others', () =>
    assert.equal(drawing(layout), '```mermaid\nflowchart TD\n  a["a/"]\n  b["b/"]\n  c["c/"]\n  b --> a\n  c --> b\n```'));

  it('replaces what stands in its place, and nothing else', () =>
    assert.equal(withDrawing(`x\n${BEGIN}\nold\n${END}\ny`, layout), `x\n${BEGIN}\n${drawing(layout)}\n${END}\ny`));

  it('is refused by a page without a place for it', () => assert.throws(() => withDrawing('x', layout), /has no lines/));
});
