import { diffArrays } from 'diff';
import type { Range } from './ranges.ts';
import { MASK } from './secrets.ts';
import { splitText } from './split-text.ts';

/** A text, and the positions of its secrets. */
export interface Text {
  readonly text: string;
  readonly hidden: readonly Range[];
}

/** What comparing may cost for all texts of a plan together: the steps that are left. */
export interface DiffBudget {
  steps: number;
}

/** A step takes about 100 ns, so this is about two seconds, in turns of at most a tenth of a second. */
export const diffBudget = (): DiffBudget => ({ steps: 20_000_000 });

/** How many unchanged lines stand before and after a change. */
const CONTEXT = 3;
/** How many lines may come and go before two texts are no longer compared line by line: the cost grows with its square. */
const EDITS = 1000;
/** How many lines are looked at for that, for the cost grows with them as well. */
const COMPARED = 30_000_000;
/** Texts of more pieces than this are shown whole, the old one and the new one. */
const PIECES = 200_000;

const GOES_ON = '\\ the line goes on';
const NO_END = '\\ the text has no line end here';

interface Piece {
  readonly raw: string;
  /** Without what is hidden, and without the end of the line. */
  readonly shown: string;
  readonly line: number;
  readonly isHidden: boolean;
  readonly note: string | undefined;
}

/** The lines that differ between two texts, and whether something in them is hidden. */
export interface LineDiff {
  readonly lines: string;
  readonly hidden: boolean;
}

/**
 * Every line that differs, with the lines around it, as a unified diff: `-` before, `+` afterwards. Only what is equal is left out. The
 * texts are compared as they are and shown without what is hidden, so a hidden line that changes shows that it does. Texts that differ in
 * too much to be compared within the budget are shown whole from the first to the last difference; it always depends on the texts
 * alone, never on the time. Undefined is a text that does not exist.
 */
export function lineDiff(before: Text | undefined, after: Text | undefined, budget: DiffBudget): LineDiff {
  const [old, young] = [splitText(before?.text ?? '', PIECES), splitText(after?.text ?? '', PIECES)];
  if (!old || !young) return wholeTexts(before, after);
  // Where neither text ends its last line, that is not part of the change.
  const ends = [before, after].some((one) => one?.text.endsWith('\n') ?? true);
  const rows = runsOf(old, young, budget);
  return writeRows(rows, piecesOf(old, before?.hidden ?? [], ends), piecesOf(young, after?.hidden ?? [], ends));
}

/** How many pieces in a row are equal, come, or go. */
interface Stretch {
  readonly kind: ' ' | '-' | '+';
  readonly count: number;
}

function runsOf(old: readonly string[], young: readonly string[], budget: DiffBudget): Stretch[] {
  const shorter = Math.min(old.length, young.length);
  let head = 0;
  while (head < shorter && old[head] === young[head]) head++;
  let tail = 0;
  while (tail < shorter - head && old[old.length - 1 - tail] === young[young.length - 1 - tail]) tail++;
  const middle = compare(old.slice(head, old.length - tail), young.slice(head, young.length - tail), budget);
  return [{ kind: ' ' as const, count: head }, ...middle, { kind: ' ' as const, count: tail }].filter(({ count }) => count > 0);
}

function compare(old: readonly string[], young: readonly string[], budget: DiffBudget): Stretch[] {
  const total = old.length + young.length;
  const all: Stretch[] = [
    { kind: '-', count: old.length },
    { kind: '+', count: young.length },
  ];
  const most = Math.floor(Math.min(EDITS, COMPARED / Math.max(1, total), Math.sqrt(budget.steps)));
  if (old.length === 0 || young.length === 0 || most < 2) return all;
  // Numbers are compared in one step, however long the lines are.
  const numbers = new Map<string, number>();
  const numbered = (pieces: readonly string[]) =>
    pieces.map((piece) => {
      const number = numbers.get(piece) ?? numbers.size;
      numbers.set(piece, number);
      return number;
    });
  const found = diffArrays(numbered(old), numbered(young), { maxEditLength: most });
  if (!found) {
    budget.steps -= most * most;
    return all;
  }
  const edits = found.reduce((sum, { added, removed, count }) => sum + (added || removed ? count : 0), 0);
  budget.steps -= edits * edits;
  return found.map(({ added, removed, count }) => ({ kind: added ? '+' : removed ? '-' : ' ', count }));
}

function piecesOf(raw: readonly string[], hidden: readonly Range[], ends: boolean): Piece[] {
  const sorted = hidden.filter(([start, end]) => end > start).sort((a, b) => a[0] - b[0]);
  let offset = 0;
  let line = 1;
  let next = 0;
  let coveredTo = 0;
  return raw.map((piece, index) => {
    const [from, to] = [offset, offset + piece.length];
    const isEnded = piece.endsWith('\n');
    const visibleEnd = isEnded ? to - 1 : to;
    let shown = '';
    let at = from;
    let isHidden = false;
    const cover = (start: number, end: number) => {
      if (end <= at || start >= visibleEnd) return;
      shown += `${piece.slice(at - from, Math.max(at, start) - from)}${MASK}`;
      at = Math.min(end, visibleEnd);
      isHidden = true;
    };
    // What was begun in a piece before covers this one as well.
    cover(from, coveredTo);
    for (let range = sorted[next]; range && range[0] < to; range = sorted[++next]) {
      cover(Math.max(range[0], at), range[1]);
      coveredTo = Math.max(coveredTo, range[1]);
    }
    shown += piece.slice(at - from, visibleEnd - from);
    const isLast = index === raw.length - 1;
    const made = {
      raw: piece,
      shown,
      line,
      isHidden,
      note: isEnded ? undefined : isLast ? (ends ? NO_END : undefined) : GOES_ON,
    };
    offset = to;
    if (isEnded) line++;
    return made;
  });
}

function writeRows(runs: readonly Stretch[], old: readonly Piece[], young: readonly Piece[]): LineDiff {
  const rows: string[] = [];
  let hidden = false;
  let [a, b] = [0, 0];
  const write = (kind: string, pieces: readonly Piece[]) => {
    for (const { shown, isHidden, note } of pieces) {
      rows.push(`${kind}${shown}`, ...(note === undefined ? [] : [note]));
      hidden ||= isHidden;
    }
  };
  const head = (skipped: number) =>
    rows.push(
      `@@ -${old[a + skipped]?.line ?? old.at(-1)?.line ?? 0} +${young[b + skipped]?.line ?? young.at(-1)?.line ?? 0} @@`,
    );
  if (runs[0]?.kind !== ' ') head(0);
  for (const [index, { kind, count }] of runs.entries()) {
    if (kind === '-') write('-', old.slice(a, a + count));
    else if (kind === '+') write('+', young.slice(b, b + count));
    else {
      const behind = index === 0 ? 0 : Math.min(CONTEXT, count);
      const ahead = index === runs.length - 1 ? 0 : Math.min(CONTEXT, count - behind);
      write(' ', young.slice(b, b + behind));
      if (ahead + behind < count && index < runs.length - 1) head(count - ahead);
      else if (index === 0) head(0);
      write(' ', young.slice(b + count - ahead, b + count));
    }
    if (kind !== '+') a += count;
    if (kind !== '-') b += count;
  }
  return { lines: rows.join('\n'), hidden };
}

function wholeTexts(before: Text | undefined, after: Text | undefined): LineDiff {
  const side = (sign: string, one: Text | undefined) => {
    if (one === undefined) return [];
    const text = one.hidden.length === 0 ? one.text : MASK;
    return [`${sign}${text.replaceAll('\n', `\n${sign}`)}`];
  };
  return {
    lines: ['@@ -1 +1 @@', ...side('-', before), ...side('+', after)].join('\n'),
    hidden: [before, after].some((one) => (one?.hidden.length ?? 0) > 0),
  };
}
