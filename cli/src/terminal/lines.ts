import type { Paint } from './paint.ts';
import { visible } from './visible.ts';

const HEAD = /^@@ -(\d+) \+(\d+) @@$/;

/**
 * The rows of a line difference in a plan: `-` before, `+` afterwards. The first two columns are never part of a text, so no text can
 * imitate a row: `…` is printed there if a piece begins in the middle of a line.
 */
export function diffRows(lines: string, paint: Paint): string[] {
  const shown: string[] = [];
  let goesOn = false;
  for (const row of lines.split('\n')) {
    const head = HEAD.exec(row);
    if (head) shown.push(paint('cyan', headOf(Number(head[1]), Number(head[2]))));
    else if (row.startsWith('\\')) {
      goesOn = row.includes('goes on');
      if (!goesOn) shown.push(row);
      continue;
    } else shown.push(paintRow(`${row.slice(0, 1)}${goesOn ? '…' : ' '}${visible(row.slice(1))}`, paint));
    goesOn = false;
  }
  return shown;
}

const headOf = (before: number, after: number) =>
  before === 0 || before === after ? `line ${after}:` : `line ${before}, now ${after}:`;

/** How many rows of a difference are added or removed lines. */
export const changedRows = (lines: string): number => lines.split('\n').filter((row) => /^[-+]/.test(row)).length;

/** A row that begins with its sign, in the colour of the sign. */
export function paintRow(row: string, paint: Paint): string {
  if (row.startsWith('-')) return paint('red', row);
  return row.startsWith('+') ? paint('green', row) : row;
}
