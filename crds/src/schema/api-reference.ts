import { actTransitions } from '../v1alpha1/acts.ts';
import { conditionTypes, reasons, states, transitions } from '../v1alpha1/conditions.ts';
import { API_VERSION, type KindDefinition } from '../v1alpha1/kinds.ts';
import { isCopy, type Schema, structuralSchema } from './structural.ts';

/** The API reference in Markdown: every kind, field, condition, reason and transition. */
export function apiReference(kinds: readonly KindDefinition[]): string {
  const head = [
    '# API reference',
    '',
    `Group and version: \`${API_VERSION}\`. Generated from the kinds by \`make generate\`; not edited by hand.`,
    '',
  ];
  const tables = [
    ...table('Condition types', conditionTypes),
    ...table('States: reasons of `Succeeded`', states),
    ...table('Other reasons', reasons),
    ...table('Transitions: one audit record and one Event each', transitions),
    ...table('Acts on policies, Playbooks and actions: one record of the chain of acts and one Event each', actTransitions),
  ];
  return [...head, ...kinds.flatMap(kindSection), ...tables].join('\n');
}

function kindSection(definition: KindDefinition): string[] {
  const scope = definition.namespaced ? 'namespaced' : 'cluster-scoped';
  const lines = [
    `## ${definition.kind}`,
    '',
    `${definition.description} (${scope}; short name \`${definition.shortNames.join('`, `')}\`)`,
    '',
  ];
  lines.push('| field | type | meaning |', '| --- | --- | --- |');
  lines.push(...fieldRows(structuralSchema(definition.spec, definition.kind), 'spec'));
  if (definition.status) lines.push(...fieldRows(structuralSchema(definition.status, definition.kind), 'status'));
  return [...lines, ''];
}

function fieldRows(schema: Schema, path: string): string[] {
  const rows: string[] = [];
  const properties = (schema.properties ?? {}) as Record<string, Schema>;
  const required = new Set((schema.required as string[] | undefined) ?? []);
  for (const [name, property] of Object.entries(properties)) {
    const here = `${path}.${name}`;
    rows.push(`| \`${here}\`${required.has(name) ? ' *' : ''} | ${typeOf(property)} | ${meaning(property)} |`);
    const inner = property.type === 'array' ? (property.items as Schema) : property;
    // The fields of a copy are listed at the original.
    if (inner.type === 'object' && !isCopy(property))
      rows.push(...fieldRows(inner, property.type === 'array' ? `${here}[]` : here));
  }
  return rows;
}

function typeOf(schema: Schema): string {
  if (schema.type === 'array') return `list of ${typeOf(schema.items as Schema)}`;
  if (Array.isArray(schema.enum)) return schema.enum.map((value) => `\`${String(value)}\``).join(' or ');
  return String(schema.format ?? schema.type);
}

function meaning(schema: Schema): string {
  const parts = [String(schema.description ?? '')];
  if (schema.default !== undefined) parts.push(`Default: \`${JSON.stringify(schema.default)}\`.`);
  if (schema.pattern !== undefined) parts.push(`Pattern: \`${String(schema.pattern).replaceAll('|', '\\|')}\`.`);
  for (const rule of (schema['x-kubernetes-validations'] as { message: string }[] | undefined) ?? [])
    parts.push(`${rule.message}.`);
  return parts.join(' ').replaceAll('\n', ' ').trim();
}

function table(title: string, entries: Readonly<Record<string, string>>): string[] {
  const rows = Object.entries(entries).map(([name, paragraph]) => `| \`${name}\` | ${paragraph} |`);
  return [`## ${title}`, '', '| name | meaning |', '| --- | --- |', ...rows, ''];
}
