import { definitions, type Schema } from './definitions.ts';
import type { Value } from './values.ts';

/**
 * values.schema.json: refuses what values.yaml does not declare, and whatever has another type than its default. Throws for a reference to
 * a definition that does not exist, and for a definition that nothing refers to.
 */
export function schemaOf(values: readonly Value[]): string {
  const used = new Set<string>();
  const properties = propertiesOf(values, used);
  const unused = Object.keys(definitions).find((name) => !used.has(name));
  if (unused) throw new Error(`tools/chart/definitions.ts: no value refers to '${unused}'`);
  const schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    // Generated from values.yaml by `make generate`; Helm passes `global` to every chart.
    ...section({ global: { type: 'object' }, ...properties }),
    $defs: definitions,
  };
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}

const section = (properties: Schema): Schema => ({ type: 'object', additionalProperties: false, properties });

const propertiesOf = (values: readonly Value[], used: Set<string>): Schema =>
  Object.fromEntries(values.map((value) => [value.path.split('.').at(-1) ?? '', propertyOf(value, used)]));

function propertyOf(value: Value, used: Set<string>): Schema {
  const { path, schema } = value;
  if (value.values.length > 0) return section(propertiesOf(value.values, used));
  const reference = schema?.$ref;
  if (typeof reference === 'string') {
    const name = /^#\/\$defs\/(\w+)$/.exec(reference)?.[1] ?? '';
    if (!Object.hasOwn(definitions, name)) throw new Error(`values.yaml: ${path} refers to '${reference}', which does not exist`);
    used.add(name);
    return schema ?? {};
  }
  return { ...inferred(value.default), ...schema };
}

function inferred(value: unknown): Schema {
  if (Array.isArray(value)) return { type: 'array' };
  if (typeof value === 'number') return { type: Number.isInteger(value) ? 'integer' : 'number' };
  if (typeof value === 'object') return { type: 'object', additionalProperties: { type: 'string' } };
  return { type: typeof value };
}
