import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { copied, list, text, unsupported } from '../v1alpha1/fields.ts';
import { SchemaError, structuralSchema } from './structural.ts';

describe('The generator', () => {
  const refused: Record<string, z.ZodType> = {
    'a string without a bound': z.object({ a: z.string() }),
    'a list without a bound': z.object({ a: z.array(text(1, 'x')) }),
    'a union': z.object({ a: z.union([text(1, 'x'), z.int()]) }),
    'anything at all': z.object({ a: z.unknown() }),
    'a map of anything': z.object({ a: z.record(z.string().max(1), text(1, 'x')) }),
  };
  for (const [name, declaration] of Object.entries(refused)) {
    it(`refuses ${name}, and says where`, () =>
      assert.throws(
        () => structuralSchema(declaration, 'Kind.spec'),
        (error) => error instanceof SchemaError && error.message.startsWith('Kind.spec.a'),
      ));
  }

  const forbidden = ['definitions', '$defs', 'anyOf', 'oneOf', 'allOf', 'not', 'patternProperties', 'propertyNames'];
  for (const key of [...forbidden, 'readOnly', 'writeOnly']) {
    it(`refuses '${key}' at any depth, and says where`, () => {
      const inner = z.object({ b: list(z.object({ c: text(1, 'x').meta({ [key]: 'x' }) }), 1, 'x') });
      assert.throws(
        () => structuralSchema(z.object({ a: inner }), 'Kind.spec'),
        (error) => error instanceof SchemaError && error.message.startsWith('Kind.spec.a.b[].c: '),
      );
    });
  }

  const alsoRefused: Record<string, z.ZodType> = {
    'a list that does not say its type': z.object({ a: z.array(text(1, 'x')).max(1) }),
    'a list of lists without a bound': z.object({ a: list(z.array(text(1, 'x')), 1, 'x') }),
    'nothing at all': z.object({ a: z.never() }),
  };
  for (const [name, declaration] of Object.entries(alsoRefused)) {
    it(`refuses ${name}`, () => assert.throws(() => structuralSchema(declaration, 'Kind.spec'), SchemaError));
  }

  it('refuses unsupported fields where they are, beside the rules that are declared, and marks them for readers', () => {
    const inner = z
      .object({ x: z.boolean().meta(unsupported).optional(), y: z.boolean().optional() })
      .meta({ 'x-kubernetes-validations': [{ rule: 'true', message: 'm' }] });
    const schema = structuralSchema(z.object({ a: inner }), 'K') as { properties: { a: Record<string, unknown> } };
    const { a } = schema.properties;
    assert.deepEqual(
      (a['x-kubernetes-validations'] as { rule: string }[]).map(({ rule }) => rule),
      ['true', '!has(self.x)'],
    );
    assert.match(JSON.stringify(a.properties), /Not supported yet: refused when set/);
    assert.doesNotMatch(JSON.stringify(schema), /x-sentinel/);
  });

  it('turns a field that nothing obeys into a refusal', () => {
    const schema = structuralSchema(z.object({ a: text(5, 'A').meta(unsupported).optional() }), 'K');
    assert.deepEqual(schema['x-kubernetes-validations'], [
      { rule: '!has(self.a)', message: '`a` is not supported yet: leave it out', reason: 'FieldValueForbidden', fieldPath: '.a' },
    ]);
  });

  it('leaves rules and defaults out of a copy, at any depth, and keeps its bounds', () => {
    const item = z.object({ c: text(5, 'C').default('x'), d: z.boolean().meta(unsupported).optional() });
    const inner = z.object({ b: list(item, 2, 'B') }).meta({ 'x-kubernetes-validations': [{ rule: 'true', message: 'm' }] });
    const schema = structuralSchema(z.object({ a: inner.meta(copied).describe('A copy.').optional() }), 'K');
    assert.deepEqual((schema.properties as Record<string, unknown>).a, {
      type: 'object',
      description: 'A copy.',
      properties: {
        b: {
          type: 'array',
          description: 'B',
          maxItems: 2,
          'x-kubernetes-list-type': 'atomic',
          items: {
            type: 'object',
            properties: {
              c: { type: 'string', description: 'C', minLength: 1, maxLength: 5 },
              d: { type: 'boolean', description: 'Not supported yet: refused when set.' },
            },
          },
        },
      },
      required: ['b'],
    });
  });

  it('keeps defaults, bounds and list types, and closes nothing that pruning closes', () => {
    const schema = structuralSchema(z.object({ a: list(text(5, 'A'), 3, 'As').optional(), b: z.boolean().default(true) }), 'K');
    assert.partialDeepStrictEqual(schema, {
      type: 'object',
      properties: { a: { type: 'array', maxItems: 3, 'x-kubernetes-list-type': 'atomic' }, b: { default: true } },
    });
    assert.equal('additionalProperties' in schema, false);
    assert.deepEqual(schema.required ?? [], []);
  });
});
