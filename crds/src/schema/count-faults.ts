import type { Schema } from './structural.ts';

/** How many faults a value has, and where the first one is. */
export interface Faults {
  readonly count: number;
  readonly first: string | undefined;
}

/**
 * Counts where a value violates a structural schema, and stops at `most`.
 *
 * The API server looks at each item of a list, also beyond `maxItems`, and compares each fault with all before it: its work grows with the
 * square of their number. Each item beyond `maxItems` counts as a fault here, whether or not it is one by itself. CEL rules and items that
 * occur twice are left to the API server: it does not compare their faults with each other.
 */
export function countFaults(schema: Schema, value: unknown, most: number): Faults {
  const found = { count: 0, first: undefined as string | undefined };
  visit(schema, value, '', (path, amount) => {
    if (amount > 0) found.first ??= path;
    found.count += amount;
    return found.count < most;
  });
  return found;
}

/** Counts faults at a path. Returns whether to go on. */
type Note = (path: string, amount: number) => boolean;

function visit(schema: Schema, value: unknown, path: string, note: Note): boolean {
  if (schema.type === 'array') return Array.isArray(value) ? visitItems(schema, value, path, note) : note(path, 1);
  if (schema.type === 'object') return isMap(value) ? visitFields(schema, value, path, note) : note(path, 1);
  return note(path, isScalarFault(schema, value) ? 1 : 0);
}

function visitItems(schema: Schema, items: readonly unknown[], path: string, note: Note): boolean {
  const { maxItems = Number.POSITIVE_INFINITY, minItems = 0 } = schema as { maxItems?: number; minItems?: number };
  if (!note(path, Math.max(0, items.length - maxItems) + (items.length < minItems ? 1 : 0))) return false;
  return items.slice(0, maxItems).every((item, at) => visit(schema.items as Schema, item, `${path}[${at}]`, note));
}

// The API server drops fields that the schema does not name, so they cannot be faults.
function visitFields(schema: Schema, value: Readonly<Record<string, unknown>>, path: string, note: Note): boolean {
  const properties = (schema.properties ?? {}) as Readonly<Record<string, Schema>>;
  const missing = ((schema.required ?? []) as readonly string[]).filter((name) => !Object.hasOwn(value, name));
  if (!note(path, missing.length)) return false;
  return Object.entries(properties).every(
    ([name, property]) =>
      !Object.hasOwn(value, name) || visit(property, value[name], path === '' ? name : `${path}.${name}`, note),
  );
}

function isScalarFault(schema: ScalarSchema, value: unknown): boolean {
  const { type, enum: allowed, minLength = 0, maxLength = Number.POSITIVE_INFINITY } = schema;
  if (allowed !== undefined) return !allowed.includes(value);
  if (type === 'string')
    return typeof value !== 'string' || value.length < minLength || isLonger(value, maxLength) || !isMatch(schema, value);
  if (type === 'boolean') return typeof value !== 'boolean';
  if (typeof value !== 'number' || (type === 'integer' && !Number.isInteger(value))) return true;
  const { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY } = schema;
  return value < minimum || value > maximum;
}

// Characters are code points to the API server. The number of UTF-16 units is an upper bound, so most texts are not walked through.
const isLonger = (text: string, most: number): boolean =>
  text.length > most && (text.length > 2 * most || [...text].length > most);

const patterns = new Map<string, RegExp>();

// Asked of texts that are not too long. The patterns are those of Sentinel's own kinds, which need linear time.
function isMatch({ pattern }: ScalarSchema, text: string): boolean {
  if (pattern === undefined) return true;
  const known = patterns.get(pattern) ?? new RegExp(pattern, 'u');
  patterns.set(pattern, known);
  return known.test(text);
}

interface ScalarSchema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
