import type { FieldChange } from '@sentinel/crds';
import { structuredPatch } from 'diff';
import { changedRows, diffRows, paintRow } from './lines.ts';
import type { Paint } from './paint.ts';
import { visible } from './visible.ts';

/** How much is shown: everything, or as much as a person reads in seconds, with the number of omitted rows. */
export interface View {
  readonly paint: Paint;
  readonly full: boolean;
  /** Called for everything that is omitted because `full` is false, with its name and amount. */
  readonly onFold?: (what: string) => void;
}

/** How many rows of one field are shown without `--full`. */
const ROWS = 40;

/** One field of a write: its path, its marks, and its value before and after. */
export function fieldLines(change: FieldChange, view: View): string[] {
  const { paint, full } = view;
  const marks = [
    change.volatile && `volatile: a ${change.volatile.toLowerCase()}, another one in the real run`,
    change.redacted && 'redacted: values are hidden, the digest covers them',
    change.repeats && "repeats the object's fields: the gateway has compared them",
  ].filter((mark) => typeof mark === 'string');
  const path = visible(change.path === '' ? '(whole object)' : change.path);
  const isNew = change.before === undefined && change.after !== undefined && change.path !== '' && marks.length === 0;
  const short = isNew ? inShort(change) : undefined;
  if (short !== undefined) return [paint('green', `      ${path}: + ${short}`)];
  const rows = valueRows(change, paint);
  const shown = full || rows.length <= ROWS + 1 ? rows : rows.slice(0, ROWS);
  if (shown.length < rows.length) view.onFold?.(`${path}: ${rows.length - shown.length} of ${rows.length} rows`);
  const amount = rows.length > shown.length && change.lines !== undefined ? `   ${lineAmount(change.lines)}` : '';
  return [
    `      ${path}${amount}${marks.length > 0 ? paint('yellow', `   (${visible(marks.join('; '))})`) : ''}`,
    ...shown.map((row) => `        ${row}`),
    ...(shown.length < rows.length ? [moreRows(rows.length - shown.length, paint)] : []),
    ...(change.cut
      ? [paint('red', '        ! CUT: this field is too large for the plan; the rest of its change is not shown')]
      : []),
  ];
}

// How long the change of a text is, where not all of it is shown.
function lineAmount(lines: string): string {
  const many = (sign: string) => lines.split('\n').filter((row) => row.startsWith(sign)).length;
  return `${many('+')} added and ${many('-')} removed lines`;
}

const moreRows = (count: number, paint: Paint) => paint('yellow', `        … ${count} more rows; see all with --full`);

/** The values of a change. Texts of several lines are compared by line; added or removed objects are printed in full. */
function valueRows({ before, after, lines }: FieldChange, paint: Paint): string[] {
  const old = parsed(before);
  const young = parsed(after);
  if (lines !== undefined)
    return [...signed('-', before, old, paint), ...diffRows(lines, paint), ...signed('+', after, young, paint)];
  if (typeof old === 'string' && typeof young === 'string' && `${old}${young}`.includes('\n'))
    return patchRows(old, young).map((row) => paintRow(row, paint));
  return [...signed('-', before, old, paint), ...signed('+', after, young, paint)];
}

// Plans of older versions have texts of several lines as JSON.
const patchRows = (before: string, after: string) =>
  structuredPatch('', '', before, after, '', '', { context: 2 }).hunks.flatMap(({ lines }) =>
    lines.filter((line) => !line.startsWith('\\')).map((line) => `${line.slice(0, 1)} ${visible(line.slice(1))}`),
  );

function signed(sign: string, text: string | undefined, value: unknown, paint: Paint): string[] {
  if (text === undefined) return [];
  const shown = typeof value === 'object' && value !== null ? JSON.stringify(value, null, 2) : text;
  return shown.split('\n').map((line) => paintRow(`${sign} ${visible(line)}`, paint));
}

// Long values of older plans are cut, so the JSON may be incomplete: then its text is shown unchanged.
function parsed(json: string | undefined): unknown {
  try {
    return json === undefined ? undefined : JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** A path in the usual notation: without the leading slash, with dots between its parts. */
export const dotted = (path: string): string =>
  visible(
    path
      .slice(1)
      .split('/')
      .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
      .join('.'),
  );

const SHORT = 60;

/** The change of a field as a short text; undefined if it is too long for that. */
export function inShort({ before, after, lines, redacted, repeats, cut }: FieldChange): string | undefined {
  if (lines !== undefined || redacted || repeats || cut) return undefined;
  const words = before === undefined ? (after ?? '') : `${before} → ${after ?? '(removed)'}`;
  return words.length <= SHORT ? visible(words) : undefined;
}

/** The amount of change in a field whose change is not shown here. */
export const amountOf = ({ before, after, lines }: FieldChange): string => {
  const rows = lines === undefined ? [before, after].filter((one) => one !== undefined).length : changedRows(lines);
  return `${rows} changed ${rows === 1 ? 'row' : 'rows'}`;
};
