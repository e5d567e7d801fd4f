import { visible } from './visible.ts';

export type Cell = string | number | undefined;

const GAP = 3;
const WIDTH = 80;
const LEAST = 12;

/**
 * A table as kubectl prints it: padded columns, three blanks between them, `<none>` for empty cells. If it would be wider than
 * 80 columns, the columns named in `shrink` are cut in the middle, in that order; names that people copy are never cut.
 */
export function table(headings: readonly string[], rows: readonly (readonly Cell[])[], shrink: readonly string[] = []): string {
  const cells = [
    [...headings],
    ...rows.map((row) => row.map((cell) => (cell === undefined || cell === '' ? '<none>' : visible(String(cell))))),
  ];
  const widthOf = (column: number) => Math.max(...cells.map((row) => (row[column] ?? '').length));
  for (const heading of shrink) {
    const column = headings.indexOf(heading);
    const total = headings.reduce((sum, _, at) => sum + widthOf(at) + GAP, -GAP);
    if (column < 0 || total <= WIDTH) continue;
    const width = Math.max(LEAST, heading.length, widthOf(column) - (total - WIDTH));
    for (const row of cells) row[column] = cutMiddle(row[column] ?? '', width);
  }
  const widths = headings.map((_, column) => widthOf(column));
  const line = (row: readonly string[]) =>
    row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))).join(' '.repeat(GAP));
  return cells.map(line).join('\n');
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
