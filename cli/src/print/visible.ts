/*
 * What a terminal may not be shown as it is: control characters (C0, C1, DEL), format characters (bidi, zero-width, tags), line
 * and paragraph separators, private and unassigned code points, halves of surrogate pairs, what Unicode calls ignorable, marks
 * that enclose what stands before them, and blanks that are not the blank.
 */
const HOSTILE =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Me}\p{Default_Ignorable_Code_Point}\u00a0\u1680\u2000-\u200a\u202f\u205f\u2800\u3000]/gu;
// Letters carry one or two marks, in some scripts three; a tower of them paints over the lines above.
const TOWER = /(?<=\p{Mn}{3})\p{Mn}/gu;

/** Replaces every character that may not reach a terminal by what `write` makes of its code point. */
export function escapeHostile(text: string, write: (codePoint: number) => string): string {
  const replaced = (character: string) => write(character.codePointAt(0) ?? 0);
  return text.replaceAll(HOSTILE, replaced).replaceAll(TOWER, replaced);
}

/**
 * Text of agents, logs, models and objects, made safe for a terminal: every character that controls the terminal, reorders text
 * or can't be seen becomes an escape such as `\u001b`. Line breaks are escaped too; {@link visibleBlock} keeps them.
 */
export function visible(text: string): string {
  return escapeHostile(text, escaped);
}

/** The same for a text of several lines: each line is printed behind `prefix`, so that none can imitate a line of ours. */
export function visibleBlock(text: string, prefix: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .split('\n')
    .map((line) => `${prefix}${visible(line.replaceAll('\t', '    '))}`)
    .join('\n');
}

/** Whether a text holds anything that {@link visible} would escape. Line breaks count. */
export const isHostile = (text: string): boolean => visible(text) !== text;

function escaped(code: number): string {
  return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, '0')}`;
}
