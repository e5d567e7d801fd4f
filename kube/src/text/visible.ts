import { lookAlikes } from './look-alikes.ts';

/*
 * What a terminal may not be shown as it is: control characters (C0, C1, DEL), format characters (bidi, zero-width, tags), line
 * and paragraph separators, private and unassigned code points, halves of surrogate pairs, what Unicode calls ignorable (variation
 * selectors, fillers), symbols without ink, marks that enclose what stands before them, and blanks that are not the blank. Letters carry one or two marks, in
 * some scripts three; a tower of them paints over the lines above.
 */
const HOSTILE =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Me}\p{Default_Ignorable_Code_Point}\u00a0\u1680\u2000-\u200a\u202f\u205f\u2800\u3000\u{1d159}\u{16fe4}]|(?<=\p{Mn}{3})\p{Mn}/gu;

const PLAIN = /^[ -~]*$/;

/** Replaces every character that may not reach a person as it is by what `write` makes of its code point. */
export function escapeHostile(text: string, write: (codePoint: number) => string): string {
  if (PLAIN.test(text)) return text;
  // All are found in the text as it came: what an escape looks like must not change what stands beside it.
  const hostile = new Set([...[...text.matchAll(HOSTILE)].map(({ index }) => index), ...lookAlikes(text)]);
  if (hostile.size === 0) return text;
  let result = '';
  let at = 0;
  for (const index of [...hostile].sort((a, b) => a - b)) {
    const code = text.codePointAt(index) ?? 0;
    result += text.slice(at, index) + write(code);
    at = index + (code > 0xffff ? 2 : 1);
  }
  return result + text.slice(at);
}

/**
 * Text of agents, logs, models and objects, made safe for people and terminals: every character that controls a terminal, reorders text,
 * can't be seen, or looks like another one inside of a word becomes an escape such as `\u001b`. Line breaks are escaped too.
 */
export function visible(text: string): string {
  return escapeHostile(text, escaped);
}

/** The same for a sentence in an Event or a condition, where a line break is shown as `↵`. */
export function visibleLine(text: string): string {
  return visible(text.trim().replaceAll(/[ \t]*(?:\r?\n[ \t]*)+/g, ' ↵ '));
}

/** Whether a text holds anything that {@link visible} would escape. Line breaks count. */
export const isHostile = (text: string): boolean => visible(text) !== text;

function escaped(code: number): string {
  return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, '0')}`;
}
