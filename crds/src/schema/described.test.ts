import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { kinds } from '../v1alpha1/kinds.ts';
import { customResourceDefinition } from './crd.ts';
import type { Schema } from './structural.ts';

/** The paths of fields without a description, at any depth. The API server describes `metadata` itself. */
function undescribed(schema: Schema, path: string): string[] {
  const properties = Object.entries((schema.properties ?? {}) as Record<string, Schema>);
  const own = properties.flatMap(([name, property]) => {
    const here = `${path}.${name}`;
    const isDescribed = typeof property.description === 'string' && property.description !== '';
    return [...(isDescribed || (name === 'metadata' && !path.includes('.')) ? [] : [here]), ...undescribed(property, here)];
  });
  const inner = [schema.items, schema.additionalProperties].filter((one) => typeof one === 'object' && one !== null);
  return [...own, ...inner.flatMap((one) => undescribed(one as Schema, path))];
}

interface Definition {
  readonly spec: { readonly versions: readonly { readonly schema: { readonly openAPIV3Schema: Schema } }[] };
}

describe('kubectl explain', () => {
  for (const definition of kinds)
    it(`has a text for every field of ${definition.kind}`, () => {
      const { spec } = customResourceDefinition(definition) as unknown as Definition;
      for (const { schema } of spec.versions) {
        assert.ok(schema.openAPIV3Schema.description);
        assert.deepEqual(undescribed(schema.openAPIV3Schema, definition.kind), []);
      }
    });
});
