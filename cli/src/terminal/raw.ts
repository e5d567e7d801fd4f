import { Scalar, visit, Document as YamlDocument } from 'yaml';
import { UsageError } from '../usage-error.ts';
import { customColumns } from './columns.ts';
import type { RawFormat } from './format.ts';
import { jsonpath } from './jsonpath.ts';
import { escapeHostile, isHostile, visible } from './visible.ts';

export { type Format, formatOf } from './format.ts';

/**
 * An object, or a List of objects, in a machine-readable format, without `metadata.managedFields`. Characters that could harm a terminal are
 * escaped as the format defines, so parsing returns the same object. Throws UsageError for `name` of what has no name, and for a template
 * that is not valid. `headers` is for `custom-columns`.
 */
export function raw(value: unknown, format: RawFormat, { headers = true }: { readonly headers?: boolean } = {}): string {
  const shown = withoutManagedFields(value);
  if (format === 'json') return json(shown);
  if (format === 'yaml') return yaml(shown);
  if (format === 'name') return itemsOf(shown).map(nameOf).join('\n');
  if (format.startsWith('custom-columns=')) return customColumns(itemsOf(shown), format.slice('custom-columns='.length), headers);
  // Templates separate values with line breaks and tabs.
  const parts = jsonpath(shown, format.slice('jsonpath='.length)).split(/([\n\t])/);
  return parts.map((part) => (part === '\n' || part === '\t' ? part : visible(part))).join('');
}

interface Named {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: { readonly name?: string; readonly managedFields?: unknown };
  readonly items?: readonly Named[];
}

const itemsOf = (value: unknown): readonly Named[] => {
  const one = value as Named;
  return Array.isArray(value) ? value : (one?.items ?? [one]);
};

function nameOf({ apiVersion = '', kind, metadata }: Named): string {
  if (kind === undefined || metadata?.name === undefined)
    throw new UsageError('FlagInvalid', '-o name is only for objects of the API server; use -o json');
  const [group] = apiVersion.includes('/') ? apiVersion.split('/') : [''];
  return visible(`${kind.toLowerCase()}${group ? `.${group}` : ''}/${metadata.name}`);
}

function withoutManagedFields(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const object = value as Named;
  if (Array.isArray(object.items)) return { ...object, items: object.items.map(withoutManagedFields) };
  if (object.metadata?.managedFields === undefined) return value;
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** JSON.stringify escapes C0 only: C1, bidi and invisible characters would pass. */
const json = (value: unknown): string => lines(JSON.stringify(value, null, 2), jsonEscape);

/** The output of the yaml library, with hostile characters in double quotes, the only style with escapes. */
function yaml(value: unknown): string {
  const document = new YamlDocument(value, { aliasDuplicateObjects: false });
  visit(document, {
    Scalar(_, node) {
      if (typeof node.value === 'string' && isHostile(node.value.replaceAll('\n', ''))) node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  return lines(document.toString({ lineWidth: 0 }), yamlEscape).trimEnd();
}

// Line breaks of the format are kept.
const lines = (text: string, write: (code: number) => string) =>
  text
    .split('\n')
    .map((line) => escapeHostile(line, write))
    .join('\n');

const hex = (code: number, digits: number) => code.toString(16).padStart(digits, '0');

// JSON escapes have four digits: characters beyond are written as surrogate pairs.
function jsonEscape(code: number): string {
  const character = String.fromCodePoint(code);
  return Array.from({ length: character.length }, (_, at) => `\\u${hex(character.charCodeAt(at), 4)}`).join('');
}

const yamlEscape = (code: number) => (code > 0xffff ? `\\U${hex(code, 8)}` : `\\u${hex(code, 4)}`);
