import { UsageError } from '../usage-error.ts';

/** What `-o` prints for programs. */
export type RawFormat = 'json' | 'yaml' | 'name' | `jsonpath=${string}` | `custom-columns=${string}`;
/** The formats of `-o`; undefined is the output for people. */
export type Format = RawFormat | undefined;

const NAMES = 'json, yaml, name, wide, jsonpath=TEMPLATE or custom-columns=HEADING:PATH,…';

/** Reads `-o`. Throws UsageError for an unknown format. `wide` is an output for people, and only tables have it. */
export function formatOf(output: string | undefined, { isTable = false }: { readonly isTable?: boolean } = {}): Format {
  if (output === undefined || (output === 'wide' && isTable)) return undefined;
  if (output === 'json' || output === 'yaml' || output === 'name' || isTemplate(output)) return output;
  if (output === 'jsonpath') throw new UsageError('FlagInvalid', "-o jsonpath needs a template: -o jsonpath='{.metadata.name}'");
  if (output === 'custom-columns')
    throw new UsageError('FlagInvalid', '-o custom-columns needs columns: -o custom-columns=NAME:.metadata.name');
  const why = output === 'wide' ? '-o wide is only for tables of objects' : `there is no output format '${output}'`;
  throw new UsageError('FlagInvalid', `${why}; use -o ${isTable ? NAMES : NAMES.replace(', wide', '')}`);
}

const isTemplate = (output: string): output is `jsonpath=${string}` | `custom-columns=${string}` =>
  /^(jsonpath|custom-columns)=./s.test(output);
