// biome-ignore-all lint/style/noRestrictedImports: the test reads the document; nothing of the product imports it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { bounds } from './analyze/bounds.ts';
import { builtInTables } from './document.ts';
import { dangerousLines } from './programs/dangerous.ts';
import { safeLines } from './programs/safe.ts';

const document = readFileSync(new URL('../../../docs/commands.md', import.meta.url), 'utf8');

describe('The document about commands', () => {
  it('shows the list of safe commands', () => assert.ok(document.includes(builtInTables().safe), builtInTables().safe));
  it('shows the list of dangerous commands', () =>
    assert.ok(document.includes(builtInTables().dangerous), builtInTables().dangerous));
  it('names the bounds', () => {
    for (const bound of Object.values(bounds)) assert.ok(document.includes(String(bound)), String(bound));
  });
  it('names each line once', () => {
    for (const lines of [safeLines, dangerousLines]) assert.equal(new Set(lines.map(({ name }) => name)).size, lines.length);
  });
});
