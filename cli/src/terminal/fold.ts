import wrapAnsi from 'wrap-ansi';

/** What begins the rows that continue a line: a terminal would begin them with whatever the text has there. */
const CONTINUED = '  ↪ ';

/**
 * A text whose lines are folded to the columns of a terminal, colours kept. A terminal folds by itself, and then somebody who pads a text
 * with blanks can have a row of it look like a line of ours.
 */
export function foldToWidth(text: string, columns: number): string {
  const width = Math.max(20, columns);
  return text
    .split('\n')
    .map((line) => (rowsOf(line, width).length === 1 ? line : rowsOf(line, width - CONTINUED.length).join(`\n${CONTINUED}`)))
    .join('\n');
}

const rowsOf = (line: string, width: number) => wrapAnsi(line, width, { hard: true, trim: false, wordWrap: false }).split('\n');
