import { visible } from './visible.ts';

/** A table as kubectl prints it: padded columns, three blanks between them, `<none>` for what is empty. */
export function table(headings: readonly string[], rows: readonly (readonly (string | number | undefined)[])[]): string {
  const cells = [
    headings,
    ...rows.map((row) => row.map((cell) => (cell === undefined || cell === '' ? '<none>' : visible(String(cell))))),
  ];
  const widths = headings.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)));
  return cells
    .map((row) => row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))).join('   '))
    .join('\n');
}

/** The age of a time, as kubectl prints it: 45s, 12m, 3h, 4d. */
export function age(time: string | undefined, now: number): string {
  const seconds = Math.max(0, Math.floor((now - Date.parse(time ?? '')) / 1000));
  if (Number.isNaN(seconds)) return '<unknown>';
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)}m`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3600)}h` : `${Math.floor(seconds / 86_400)}d`;
}
