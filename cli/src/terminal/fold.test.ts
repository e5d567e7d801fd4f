import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { foldToWidth } from './fold.ts';

describe('A text on a terminal', () => {
  it('has no row that begins with what others wrote, however it is padded', () => {
    const claims = [`  | ${' '.repeat(78)}APPROVALS  none required`, `  | ${'字'.repeat(39)}APPROVALS  none required`];
    for (const claim of claims) {
      const rows = foldToWidth(claim, 80).split('\n');
      assert.ok(rows.length > 1);
      for (const row of rows) assert.match(row, /^ {2}[|↪] /);
    }
  });

  it('keeps lines that fit, and every character of those that do not', () => {
    const short = 'NAME   STATE\nweb    Succeeded';
    assert.equal(foldToWidth(short, 80), short);
    const long = `  + ${'0123456789'.repeat(50)}`;
    assert.equal(foldToWidth(long, 80).replaceAll('\n  ↪ ', ''), long);
  });

  it('keeps colours, and not in what continues a line', () => {
    const rows = foldToWidth(`\u001b[31m${'x'.repeat(100)}\u001b[39m`, 80).split('\n');
    assert.equal(rows.length, 2);
    assert.match(rows[0] ?? '', /\u001b\[39m$/);
    assert.match(rows[1] ?? '', /^ {2}↪ \u001b\[31mx+\u001b\[39m$/);
  });
});
