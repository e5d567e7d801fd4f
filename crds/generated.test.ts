import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { customResourceDefinition } from './src/schema/crd.ts';
import { GROUP, kinds } from './src/v1alpha1/kinds.ts';

const folder = new URL('./generated/', import.meta.url);

describe('The generated files', () => {
  for (const kind of kinds) {
    it(`are current: ${kind.kind}`, () => {
      const written: unknown = parse(readFileSync(new URL(`${GROUP}_${kind.plural}.yaml`, folder), 'utf8'));
      assert.deepEqual(written, JSON.parse(JSON.stringify(customResourceDefinition(kind))));
    });
  }

  it('are those of the kinds and no more', () => {
    assert.deepEqual(readdirSync(folder).sort(), kinds.map(({ plural }) => `${GROUP}_${plural}.yaml`).sort());
  });
});
