import type { RE2JS } from 're2js';
import { CountedText, type StepBudget } from './counted-text.ts';

/** Where something stands in a text. */
export type Range = readonly [start: number, end: number];

/**
 * Where an expression matches: of each match the first of its first `groups` groups that took part in it, else all of it. RE2 finds one
 * match in linear time; finding all of them is quadratic where each looks to the end of the text: `a(.*Z)?`. Throws TooManySteps when it
 * costs more than `budget` has left.
 */
export function rangesOf(pattern: RE2JS, text: string, groups = 1, budget?: StepBudget): Range[] {
  const counted = budget && (new CountedText(text, pattern.programSize(), budget) as unknown as string);
  const matcher = pattern.matcher(counted ?? text);
  const numbers = Array.from({ length: Math.min(groups, matcher.groupCount()) }, (_, index) => index + 1);
  const found: Range[] = [];
  while (matcher.find()) {
    budget?.take(STEPS_PER_MATCH);
    const group = numbers.find((number) => matcher.start(number) >= 0) ?? 0;
    found.push([matcher.start(group), matcher.end(group)]);
  }
  return found;
}

/** What a search costs beside the characters that it reads: RE2 clears its memory of where it has been. */
const STEPS_PER_MATCH = 1000;
