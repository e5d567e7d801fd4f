import wrapAnsi from 'wrap-ansi';

/** The prefix of rows that continue a line, so that a text cannot choose how such a row begins. */
const CONTINUED = '  ↪ ';

/**
 * Wraps the lines of a text to the columns of a terminal and keeps colours. Without this the terminal would wrap them, and a text that is
 * padded with blanks could have a row that looks like a line of this program.
 */
export function foldToWidth(text: string, columns: number): string {
  const width = Math.max(20, columns);
  return text
    .split('\n')
    .map((line) => (rowsOf(line, width).length === 1 ? line : rowsOf(line, width - CONTINUED.length).join(`\n${CONTINUED}`)))
    .join('\n');
}

const rowsOf = (line: string, width: number) => wrapAnsi(line, width, { hard: true, trim: false, wordWrap: false }).split('\n');
