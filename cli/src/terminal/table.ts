import { visible } from './visible.ts';

export type Cell = string | number | undefined;

const GAP = 3;
/** Tables are at most this wide, if their names allow it. */
const TABLE_WIDTH = 120;
const LEAST = 12;

/**
 * A table as kubectl prints it: padded columns, three blanks between them, `<none>` for empty cells. If it would be wider than
 * 120 columns, the columns named in `shrink` are cut in the middle, in that order; names that people copy are never cut.
 */
export const table = (headings: readonly string[], rows: readonly (readonly Cell[])[], shrink: readonly string[] = []): string =>
  growingTable(headings, rows, shrink).text;

/** A table to which rows are added later, for `--watch`: those are aligned with the rows that it began with. */
export interface GrowingTable {
  readonly text: string;
  readonly addRow: (row: readonly Cell[]) => string;
}

/** {@link table}, with rows to come. */
export function growingTable(
  headings: readonly string[],
  rows: readonly (readonly Cell[])[],
  shrink: readonly string[] = [],
): GrowingTable {
  const cells = [[...headings], ...rows.map((row) => row.map(textOf))];
  const limits = limitsOf(headings, cells, shrink);
  const cut = (row: readonly string[]) => row.map((cell, column) => cutMiddle(cell, limits[column] ?? Number.POSITIVE_INFINITY));
  const shown = cells.map(cut);
  const widths = headings.map((_, column) => widthOf(shown, column));
  const line = (row: readonly string[]) =>
    row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))).join(' '.repeat(GAP));
  return { text: shown.map(line).join('\n'), addRow: (row) => line(cut(row.map(textOf))) };
}

/**
 * The first table that is at most 120 columns wide, of those that `make` returns for 0, 1, … left out columns; that with `most` of them left
 * out if none is.
 */
export function firstThatFits(most: number, make: (leftOut: number) => GrowingTable): GrowingTable {
  for (let leftOut = 0; ; leftOut++) {
    const made = make(leftOut);
    if (leftOut >= most || made.text.split('\n').every((line) => line.length <= TABLE_WIDTH)) return made;
  }
}

/** A table without its first line, for `--no-headers`. */
export const withoutHeadings = (text: string, { headers }: { readonly headers?: boolean | undefined }): string =>
  headers === false ? text.slice(text.includes('\n') ? text.indexOf('\n') + 1 : text.length) : text;

const textOf = (cell: Cell): string => (cell === undefined || cell === '' ? '<none>' : visible(String(cell)));
const widthOf = (cells: readonly (readonly string[])[], column: number) =>
  Math.max(...cells.map((row) => (row[column] ?? '').length));

function limitsOf(headings: readonly string[], cells: readonly (readonly string[])[], shrink: readonly string[]): number[] {
  const limits = headings.map((_, column) => widthOf(cells, column));
  for (const heading of shrink) {
    const column = headings.indexOf(heading);
    const over = limits.reduce((sum, width) => sum + width + GAP, -GAP) - TABLE_WIDTH;
    if (column < 0 || over <= 0) continue;
    limits[column] = Math.max(LEAST, heading.length, (limits[column] ?? 0) - over);
  }
  // Columns that need not shrink have no limit for rows to come.
  return limits.map((limit, column) => (shrink.includes(headings[column] ?? '') ? limit : Number.POSITIVE_INFINITY));
}

function cutMiddle(text: string, width: number): string {
  if (text.length <= width) return text;
  const head = Math.floor((width - 1) / 2);
  return `${text.slice(0, head)}…${text.slice(text.length - (width - 1 - head))}`;
}

/** The age of a time, as kubectl prints it: 45s, 12m, 3h, 4d. */
export function age(time: string | undefined, now: number): string {
  const seconds = Math.max(0, Math.floor((now - Date.parse(time ?? '')) / 1000));
  if (Number.isNaN(seconds)) return '<unknown>';
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)}m`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3600)}h` : `${Math.floor(seconds / 86_400)}d`;
}

/** The time between two times: 0.4s, 12.0s, 3m5s. */
export function span(from: string | undefined, to: string | undefined): string | undefined {
  const seconds = (Date.parse(to ?? '') - Date.parse(from ?? '')) / 1000;
  if (Number.isNaN(seconds)) return undefined;
  return seconds < 60 ? `${seconds.toFixed(1)}s` : `${Math.floor(seconds / 60)}m${Math.round(seconds % 60)}s`;
}
