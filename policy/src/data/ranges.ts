import type { RE2JS } from 're2js';

/** Where something stands in a text. */
export type Range = readonly [start: number, end: number];

/**
 * Where an expression matches: of each match the first of its first `groups` groups that took part in it, else all of it. Throws
 * when it is not done by `until`, as performance.now() counts. RE2 finds one match in linear time; finding all of them is quadratic
 * where each looks to the end of the text: `a(.*Z)?`.
 */
export function rangesOf(pattern: RE2JS, text: string, groups = 1, until = Number.POSITIVE_INFINITY): Range[] {
  const matcher = pattern.matcher(text);
  const numbers = Array.from({ length: Math.min(groups, matcher.groupCount()) }, (_, index) => index + 1);
  const found: Range[] = [];
  for (;;) {
    const more = matcher.find();
    if (performance.now() > until) throw new Error(`'${pattern.pattern()}' takes too long`);
    if (!more) return found;
    const group = numbers.find((number) => matcher.start(number) >= 0) ?? 0;
    found.push([matcher.start(group), matcher.end(group)]);
  }
}
