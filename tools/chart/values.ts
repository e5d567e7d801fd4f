import { type Document, isMap, isNode, isScalar, LineCounter, type Pair, parse, parseDocument, type YAMLMap } from 'yaml';
import type { Schema } from './definitions.ts';

/** A value of the chart, as values.yaml declares it. */
export interface Value {
  /** Its path, such as `operator.replicas`. */
  readonly path: string;
  readonly default: unknown;
  /** The comment above it, without `# ` and without its schema; lines are kept. */
  readonly about: readonly string[];
  /** What `# @schema {…}` in its comment says. */
  readonly schema: Schema | undefined;
  /** For a section: the values in it. Empty for a value that people set. */
  readonly values: readonly Value[];
}

const SCHEMA = '@schema ';

/**
 * Reads values.yaml with its comments, from which the schema and the README of the chart are generated. A map with entries is a section,
 * unless its comment has a schema. Throws for a value without a comment, and for a list without a schema.
 */
export function readValues(text: string): Value[] {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter });
  if (document.errors[0]) throw document.errors[0];
  if (!isMap(document.contents)) throw new Error('values.yaml must be a map');
  const lines = text.split('\n');
  const read: Reader = { document, comments: (offset) => commentAbove(lines, lineCounter.linePos(offset).line - 1) };
  return valuesOf(document.contents, '', read);
}

interface Reader {
  readonly document: Document;
  readonly comments: (offset: number) => readonly string[];
}

function valuesOf(map: YAMLMap, prefix: string, reader: Reader): Value[] {
  return map.items.map((pair) => readValue(pair, prefix, reader));
}

function readValue({ key, value }: Pair, prefix: string, reader: Reader): Value {
  if (!isScalar(key) || !key.range) throw new Error(`${prefix}: a key must be a text`);
  const path = `${prefix}${key.value}`;
  const comment = reader.comments(key.range[0]);
  const annotations = comment.filter((line) => line.startsWith(SCHEMA));
  if (annotations.length > 1) throw new Error(`${path}: two schemas`);
  const [annotation] = annotations;
  const schema = annotation === undefined ? undefined : (parse(annotation.slice(SCHEMA.length)) as Schema);
  const about = comment.filter((line) => line !== annotation);
  const section = isMap(value) && value.items.length > 0 && !schema;
  const plain: unknown = isNode(value) ? value.toJS(reader.document) : value;
  if (!section && about.length === 0) throw new Error(`${path}: a comment above it must say what it is`);
  if (Array.isArray(plain) && !schema) throw new Error(`${path}: a list needs a schema`);
  return {
    path,
    default: plain,
    about,
    schema,
    values: section ? valuesOf(value, `${path}.`, reader) : [],
  };
}

/** The comment lines directly above a line, without their marks. */
function commentAbove(lines: readonly string[], line: number): string[] {
  const found: string[] = [];
  for (let at = line - 1; at >= 0; at--) {
    const [, text] = /^ *#( .*|)$/.exec(lines[at] ?? '') ?? [];
    if (text === undefined) break;
    found.unshift(text.slice(1));
  }
  return found;
}

/** The values that people set, without sections, in the order of the file. */
export const leavesOf = (values: readonly Value[]): Value[] =>
  values.flatMap((value) => (value.values.length > 0 ? leavesOf(value.values) : [value]));
