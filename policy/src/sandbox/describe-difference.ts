import { type FieldPath, managerOf } from './field-manager.ts';

/** A field of a Job or pod that is not what was rendered. `undefined` stands for no such field. */
export interface FieldDifference {
  readonly path: FieldPath;
  readonly wanted: unknown;
  readonly found: unknown;
}

const VALUE_MAX = 120;

/**
 * Fields whose values may be secret, as they may be anything: what a program is told. Of these only names are shown.
 */
const SECRET = new Set(['command', 'args', 'env', 'annotations', 'lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe']);

/** A difference as one sentence: the field, the value that was found, and its field manager. */
export function describeDifference(object: Readonly<Record<string, unknown>>, difference: FieldDifference): string {
  const { path, wanted, found } = difference;
  const name = pathName(path);
  if (found === undefined) return `${name} is missing`;
  const manager = managerOf(object, [...path, ...firstNew(wanted, found)]);
  const by = manager === undefined ? '' : `set by '${printable(manager)}'`;
  const beside = [describeValue(difference), by].filter((part) => part !== '').join(', ');
  const what = wanted === undefined ? 'was added' : 'is not what was rendered';
  return `${name} ${what}${beside === '' ? '' : ` (${beside})`}`;
}

const pathName = (path: FieldPath) =>
  printable(
    path
      .map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`))
      .join('')
      .slice(1),
  );

function describeValue({ path, wanted, found }: FieldDifference): string {
  if (Array.isArray(wanted) && Array.isArray(found)) return entriesOf(wanted, found);
  if (path.some((step) => SECRET.has(String(step)))) return Array.isArray(found) ? entriesOf([], found) : '';
  const text = JSON.stringify(found) ?? '';
  return `found ${printable(text.length > VALUE_MAX ? `${text.slice(0, VALUE_MAX)}…` : text)}`;
}

// A list with more or fewer entries: the names of those that are new or gone, or their number where they have no names.
function entriesOf(wanted: readonly unknown[], found: readonly unknown[]): string {
  const [before, after] = [namesIn(wanted), namesIn(found)];
  const [more, fewer] = [after.filter((one) => !before.includes(one)), before.filter((one) => !after.includes(one))];
  if (more.length + fewer.length === 0) return `${found.length} entries instead of ${wanted.length}`;
  const said = [
    ...(more.length === 0 ? [] : [`found also ${more.slice(0, 5).join(', ')}`]),
    ...(fewer.length === 0 ? [] : [`without ${fewer.slice(0, 5).join(', ')}`]),
  ];
  return printable(said.join('; '));
}

// Who set a list that has an entry more is who set that entry.
function firstNew(wanted: unknown, found: unknown): FieldPath {
  if (!Array.isArray(wanted) || !Array.isArray(found)) return [];
  const before = namesIn(wanted);
  const index = found.findIndex((entry) => namesIn([entry]).some((name) => !before.includes(name)));
  return index < 0 ? [] : [index];
}

const namesIn = (list: readonly unknown[]) =>
  list.flatMap((entry) => {
    const { name } = (entry ?? {}) as { name?: unknown };
    return typeof name === 'string' ? [`'${name.slice(0, 63)}'`] : [];
  });

// Names and values are untrusted text, and are shown in the status of an action.
const printable = (text: string) => text.replaceAll(/[^ -~…]/g, '?');
