import { z } from 'zod';

/** A node of a structural OpenAPI v3 schema, as a CustomResourceDefinition holds it. */
export type Schema = { [key: string]: unknown };

/** Thrown when a kind is declared in a way that Kubernetes would refuse or that leaves a value unbounded. The path says where. */
export class SchemaError extends Error {
  override name = 'SchemaError';
}

const forbidden = [
  '$ref',
  'definitions',
  '$defs',
  'anyOf',
  'oneOf',
  'allOf',
  'not',
  'patternProperties',
  'propertyNames',
  'readOnly',
  'writeOnly',
  'id',
  '$schema',
];

/**
 * The structural schema of a zod declaration.
 *
 * Guaranteed: every node has a type, nothing that apiextensions refuses is left, every string and list is bounded, and every
 * field marked as unsupported is refused by a CEL rule on its parent. Throws SchemaError with the path otherwise.
 */
export function structuralSchema(declaration: z.ZodType, path: string): Schema {
  const raw = z.toJSONSchema(declaration, { target: 'openapi-3.0', io: 'input', reused: 'inline' }) as Schema;
  return node(raw, path);
}

function node(raw: Schema, path: string): Schema {
  const schema: Schema = { ...raw };
  // zod closes objects or marks them open; a CRD prunes unknown fields by itself and refuses both forms beside `properties`.
  delete schema.additionalProperties;
  delete schema.$schema;
  for (const key of forbidden) if (key in schema) throw new SchemaError(`${path}: '${key}' has no place in a structural schema`);
  if (typeof schema.type !== 'string') throw new SchemaError(`${path}: every node must have a type`);
  if (schema.type === 'object') return objectNode(schema, path);
  if (schema.type === 'array') return arrayNode(schema, path);
  if (schema.type === 'string') return stringNode(schema, path);
  return schema;
}

function objectNode(schema: Schema, path: string): Schema {
  const properties = schema.properties as Record<string, Schema> | undefined;
  if (!properties) throw new SchemaError(`${path}: an object must declare its properties`);
  const refusals: Schema[] = [];
  const converted: Record<string, Schema> = {};
  for (const [name, property] of Object.entries(properties)) {
    const { 'x-sentinel-unsupported': refused, 'x-sentinel-copied': copied, ...rest } = property;
    const child = node(rest, `${path}.${name}`);
    converted[name] = copied ? copyOf(child) : child;
    if (refused) {
      refusals.push({
        rule: `!has(self.${name})`,
        message: `\`${name}\` is not supported yet: leave it out`,
        reason: 'FieldValueForbidden',
        fieldPath: `.${name}`,
      });
      converted[name].description = `${String(converted[name].description ?? '')} Not supported yet: refused when set.`.trim();
    }
  }
  const declared = (schema['x-kubernetes-validations'] as Schema[] | undefined) ?? [];
  const validations = [...declared, ...refusals];
  const { 'x-kubernetes-validations': _, ...rest } = schema;
  return { ...rest, properties: converted, ...(validations.length > 0 ? { 'x-kubernetes-validations': validations } : {}) };
}

const copies = new WeakSet<Schema>();

/** Whether a schema is that of a copy of another kind, whose fields are those of the original. */
export const isCopy = (schema: Schema): boolean => copies.has(schema);

function copyOf(original: Schema): Schema {
  const copy = withoutRules(original);
  copies.add(copy);
  return copy;
}

// What only the original needs. Bounds, types and descriptions stay.
function withoutRules(schema: Schema): Schema {
  const { 'x-kubernetes-validations': _, default: __, properties, items, ...rest } = schema;
  return {
    ...rest,
    ...(properties ? { properties: mapValues(properties as Record<string, Schema>, withoutRules) } : {}),
    ...(items ? { items: withoutRules(items as Schema) } : {}),
  };
}

const mapValues = (from: Record<string, Schema>, change: (schema: Schema) => Schema) =>
  Object.fromEntries(Object.entries(from).map(([name, value]) => [name, change(value)]));

function arrayNode(schema: Schema, path: string): Schema {
  if (typeof schema.maxItems !== 'number') throw new SchemaError(`${path}: a list must have an upper bound`);
  if (!schema['x-kubernetes-list-type']) throw new SchemaError(`${path}: a list must say its type`);
  return { ...schema, items: node(schema.items as Schema, `${path}[]`) };
}

function stringNode(schema: Schema, path: string): Schema {
  if (schema.enum === undefined && typeof schema.maxLength !== 'number')
    throw new SchemaError(`${path}: a string must have an upper bound`);
  return schema;
}
