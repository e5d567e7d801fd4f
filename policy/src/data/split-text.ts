/** Lines that are longer than this are compared piece by piece. */
const LINE = 240;
/** No piece is longer than this. */
const PIECE = 480;
/** Where a long line has ends that stay where they are when something else in it changes. */
const ENDS = /[,;{}]|&&|\|\|/g;

/**
 * A text in the pieces that are compared: its lines, each with its end, and long lines in several pieces. Joined, they are the text.
 * Undefined when there would be more than `max`.
 */
export function splitText(text: string, max: number): string[] | undefined {
  const pieces: string[] = [];
  for (let at = 0; at < text.length; ) {
    const newline = text.indexOf('\n', at);
    const end = newline < 0 ? text.length : newline + 1;
    if (end - at <= LINE) pieces.push(text.slice(at, end));
    else splitLine(text.slice(at, end), pieces);
    if (pieces.length > max) return undefined;
    at = end;
  }
  return pieces;
}

function splitLine(line: string, pieces: string[]): void {
  let from = 0;
  const cutAt = (end: number) => {
    while (from < end) {
      const next = Math.min(end, from + PIECE);
      // Half of a surrogate pair has no canonical form.
      const whole = next < end && isHighSurrogate(line, next - 1) ? next - 1 : next;
      pieces.push(line.slice(from, whole));
      from = whole;
    }
  };
  for (const { index, 0: mark } of line.matchAll(ENDS)) cutAt(index + mark.length);
  cutAt(line.length);
}

const isHighSurrogate = (text: string, at: number) => /[\ud800-\udbff]/.test(text.charAt(at));
