import { UsageError } from '../usage-error.ts';
import { valuesAt } from './jsonpath.ts';
import { table, withoutHeadings } from './table.ts';

/*
 * `-o custom-columns=HEADING:PATH,…` and `--sort-by=PATH` of kubectl:
 * https://kubernetes.io/docs/reference/kubectl/#custom-columns and #sorting-list-objects.
 */

/**
 * Objects as a table of the columns of a specification; a value that does not exist is `<none>`, several are separated by commas. Throws
 * UsageError for a specification that is not valid.
 */
export function customColumns(objects: readonly unknown[], spec: string, hasHeadings: boolean): string {
  const columns = spec.split(',').map((part) => {
    const at = part.indexOf(':');
    if (at < 1 || at === part.length - 1)
      throw new UsageError(
        'FlagInvalid',
        `-o custom-columns has '${part}', where HEADING:PATH is expected, such as NAME:.metadata.name`,
      );
    return { heading: part.slice(0, at).trim(), path: part.slice(at + 1).trim() };
  });
  const rows = objects.map((object) => columns.map(({ path }) => valuesAt(object, path).map(textOf).join(',')));
  const text = table(
    columns.map(({ heading }) => heading),
    rows,
  );
  return withoutHeadings(text, { headers: hasHeadings });
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/**
 * Objects in the order of the value at a path: numbers by size, everything else by its text, which also orders times. Those without the value
 * come first. Throws UsageError if none has it.
 */
export function sortBy<T>(objects: readonly T[], path: string): T[] {
  const keyed = objects.map((object) => ({ object, key: valuesAt(object, path)[0] }));
  if (objects.length > 0 && keyed.every(({ key }) => key === undefined))
    throw new UsageError('FlagInvalid', `no object has the field '${path}' of --sort-by`);
  return keyed.sort((a, b) => compare(a.key, b.key)).map(({ object }) => object);
}

function compare(a: unknown, b: unknown): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
  return typeof a === 'number' && typeof b === 'number' ? a - b : textOf(a).localeCompare(textOf(b), 'en');
}
