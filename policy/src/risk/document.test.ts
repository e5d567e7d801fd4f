// biome-ignore-all lint/style/noRestrictedImports: the test reads the document; nothing of the product imports it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { riskTables } from './document.ts';
import { riskThresholds } from './rules.ts';

const document = readFileSync(new URL('../../../docs/risk.md', import.meta.url), 'utf8');

describe('The document about risk', () => {
  for (const [what, table] of Object.entries(riskTables()))
    it(`shows the table of the ${what}`, () => assert.ok(document.includes(table), table));
  it('has thresholds that rise', () => {
    const scores = Object.values(riskThresholds);
    assert.deepEqual(
      scores,
      [...scores].sort((a, b) => a - b),
    );
  });
});
