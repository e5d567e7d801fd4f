import { Scalar, visit, Document as YamlDocument } from 'yaml';
import { UsageError } from '../usage-error.ts';
import { escapeHostile, isHostile } from './visible.ts';

/** The formats of `-o`; undefined is the output for people. */
export type Format = 'json' | 'yaml' | undefined;

/** Reads `-o`. Throws UsageError for an unknown format. */
export function formatOf(output: string | undefined): Format {
  if (output === undefined || output === 'json' || output === 'yaml') return output;
  throw new UsageError('FlagInvalid', `there is no output format '${output}'; use -o json or -o yaml`);
}

/** An object in a machine-readable format. Characters that could harm a terminal are escaped as the format defines, so parsing returns the same object. */
export function raw(value: unknown, format: 'json' | 'yaml'): string {
  return format === 'json' ? json(value) : yaml(value);
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
