import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { API_VERSION, kinds } from '@sentinel/crds';
import { z } from 'zod';
import { admin } from '../lib/cluster.ts';
import { bases, connection, create, type Json, makeSpaces, refused } from '../lib/worlds/wrong-objects.ts';

// The schemas of the kinds: what is not supported yet is refused, and every field has a description.

before(makeSpaces);

// A field that no program obeys yet must be refused, never ignored: each is found from the kinds, so that none is forgotten.
interface Schema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly minItems?: number;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly 'x-sentinel-unsupported'?: boolean;
}

const candidates = ['x', '1h', '1Gi', '1', `sha256:${'0'.repeat(64)}`, `00-${'0'.repeat(32)}-${'0'.repeat(16)}-00`];

/** The smallest value that a schema accepts. */
function sample(schema: Schema): unknown {
  if (schema.enum) return schema.enum[0];
  if (schema.type === 'object') return within(schema);
  if (schema.type === 'array') return [sample(schema.items ?? {})];
  if (schema.type === 'integer' || schema.type === 'number') return schema.minimum ?? 1;
  if (schema.type === 'boolean') return true;
  return candidates.find((text) => new RegExp(schema.pattern ?? '').test(text)) ?? assert.fail(`no sample for ${schema.pattern}`);
}

function within(schema: Schema, more: Json = {}): Json {
  const needed = (schema.required ?? []).map((name) => [name, sample(schema.properties?.[name] ?? {})]);
  return { ...Object.fromEntries(needed), ...more };
}

/** Each unsupported field, with an object that sets it and otherwise only what it must. */
function unsupportedIn(schema: Schema, path: string, wrap: (value: Json) => Json): { path: string; field: string; spec: Json }[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const here = `${path}.${name}`;
    if (property['x-sentinel-unsupported']) return [{ path: here, field: name, spec: wrap({ [name]: sample(property) }) }];
    if (property.type === 'object') return unsupportedIn(property, here, (value) => wrap({ [name]: within(property, value) }));
    const items = property.items;
    if (items?.type === 'object') return unsupportedIn(items, `${here}[]`, (value) => wrap({ [name]: [within(items, value)] }));
    return [];
  });
}

describe('A field that is not supported yet', { concurrency: true }, () => {
  let found = 0;
  for (const { kind, spec } of kinds.filter((one) => bases[one.kind] !== undefined)) {
    const schema = z.toJSONSchema(spec, { target: 'openapi-3.0', io: 'input', reused: 'inline' }) as Schema;
    for (const field of unsupportedIn(schema, 'spec', (value) => ({ ...bases[kind], ...value }))) {
      found += 1;
      it(`is refused: ${kind} with ${field.path}`, async () =>
        refused(await create(kind, field.spec), `\`${field.field}\` is not supported yet: leave it out`));
    }
  }

  it('is found wherever it is', () => assert.ok(found >= 7, `${found} fields`));
});

describe('kubectl explain', { concurrency: true }, () => {
  it('has a description of every field of every kind', async () => {
    const { body } = await connection.send('GET', `/openapi/v3/apis/${API_VERSION}`);
    const schemas = (body.components as { schemas: Record<string, Schema & { description?: string }> }).schemas;
    const bare: string[] = [];
    const walk = (schema: Schema, path: string): void => {
      for (const [name, property] of Object.entries(schema.properties ?? {})) {
        if (!(property as { description?: string }).description) bare.push(`${path}.${name}`);
        if (name !== 'metadata') walk(property.items ?? property, `${path}.${name}`);
      }
    };
    for (const { kind } of kinds) {
      const schema = schemas[`dev.sentinel.v1alpha1.${kind}`] ?? assert.fail(`no ${kind} in ${Object.keys(schemas).join(', ')}`);
      if (!schema.description) bare.push(kind);
      walk(schema, kind);
    }
    assert.deepEqual(bare, []);
  });

  for (const { plural, description } of kinds) {
    it(`says what ${plural} are`, async () => {
      const text = await admin.kubectl(['explain', `${plural}.sentinel.dev`]);
      assert.ok(text.replaceAll(/\s+/g, ' ').includes(description), text);
    });
  }
});
