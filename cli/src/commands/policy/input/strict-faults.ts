import { AgentActionSpec, AgentPolicySpec, ClusterAgentPolicySpec, PlaybookSpec } from '@sentinel/crds';
import { z } from 'zod';
import { celRules } from './cel-rules.ts';

/** The part of JSON Schema that is read here. */
export interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly 'x-kubernetes-list-type'?: string;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-sentinel-unsupported'?: boolean;
  readonly 'x-kubernetes-validations'?: readonly { readonly rule: string; readonly message: string }[];
}

/** A kind whose objects are read from files. */
export type FileKind = keyof typeof schemas;

const schemas = {
  AgentPolicy: AgentPolicySpec,
  ClusterAgentPolicy: ClusterAgentPolicySpec,
  Playbook: PlaybookSpec,
  AgentAction: AgentActionSpec,
};
const known = new Map<string, Schema>();

/** The schema of the spec of a kind, as JSON Schema with the extensions of Kubernetes. */
export function schemaOf(kind: FileKind): Schema {
  const before = known.get(kind);
  if (before) return before;
  const schema = z.toJSONSchema(schemas[kind], { io: 'input', unrepresentable: 'any' }) as Schema;
  known.set(kind, schema);
  return schema;
}

/**
 * Faults in a spec of the right shape that the API server would refuse, or silently drop: unknown fields, fields that are not supported
 * yet, and duplicate entries in a list. Each with its path.
 */
export function strictFaults(kind: FileKind, spec: unknown): string[] {
  return walk(schemaOf(kind), spec, 'spec');
}

/** Violations of the CEL rules of a kind by a parsed spec, defaults included; each with its path. */
export function celFaults(kind: FileKind, spec: unknown): string[] {
  return ruled(schemaOf(kind), spec, 'spec');
}

function ruled(schema: Schema, value: unknown, path: string): string[] {
  if (value === undefined || value === null) return [];
  const found = (schema['x-kubernetes-validations'] ?? []).flatMap(({ rule, message }) =>
    celRules[rule]?.(value as never) === false ? [`${path}: ${message}`] : [],
  );
  if (Array.isArray(value))
    return [...found, ...value.flatMap((entry, index) => ruled(schema.items ?? {}, entry, `${path}[${index}]`))];
  if (typeof value !== 'object') return found;
  const inside = Object.entries(value).flatMap(([key, entry]) => ruled(schema.properties?.[key] ?? {}, entry, `${path}.${key}`));
  return [...found, ...inside];
}

function walk(schema: Schema, value: unknown, path: string): string[] {
  if (Array.isArray(value)) {
    const inside = value.flatMap((entry, index) => walk(schema.items ?? {}, entry, `${path}[${index}]`));
    return [...twice(schema, value, path), ...inside];
  }
  if (typeof value !== 'object' || value === null || !schema.properties) return [];
  return Object.entries(value).flatMap(([key, entry]) => {
    const field = Object.hasOwn(schema.properties ?? {}, key) ? schema.properties?.[key] : undefined;
    if (!field) return [`${path}.${key}: there is no such field${meant(key, Object.keys(schema.properties ?? {}))}`];
    if (field['x-sentinel-unsupported']) return [`${path}.${key}: is not supported yet: leave it out`];
    return walk(field, entry, `${path}.${key}`);
  });
}

function twice(schema: Schema, list: readonly unknown[], path: string): string[] {
  const type = schema['x-kubernetes-list-type'];
  if (type !== 'set' && type !== 'map') return [];
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const idOf = (entry: unknown) =>
    JSON.stringify(type === 'set' ? entry : keys.map((key) => (entry as Record<string, unknown> | null)?.[key]));
  const ids = list.map(idOf);
  return ids.flatMap((id, index) => (ids.indexOf(id) < index ? [`${path}[${index}]: ${id} is defined twice`] : []));
}

// Most typos are one additional, missing or wrong letter.
function meant(key: string, fields: readonly string[]): string {
  const near = fields.find((field) => distance(key.toLowerCase(), field.toLowerCase()) <= 2);
  return near === undefined ? `; known fields: ${fields.slice(0, 30).join(', ')}` : `; is '${near}' meant?`;
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1));
    row = next;
  }
  return row[b.length] ?? 0;
}
