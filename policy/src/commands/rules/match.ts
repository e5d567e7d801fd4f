import { abbreviates, lettersOf, widthOf } from '../programs/options.ts';
import { mayBe, mayBeOption, type Unknown, type Word } from '../shell/words.ts';
import { type MatchBudget, matchBudget } from './budget.ts';

/** Alternatives of each position of a prefix. */
export type Tokens = readonly (readonly string[])[];

/** Whether all words are literal and none is passed over: then there is one reading, and `matchesPlainly` says all of it. */
export function isPlain(words: readonly Word[]): boolean {
  for (const word of words) if (typeof word !== 'string' || mayBePassedOver(word)) return false;
  return true;
}

// An option, and what programs leave out when they look for their subcommand: '-' and an empty word.
const mayBePassedOver = (word: string): boolean => word === '' || word.startsWith('-');

/** Whether plain words begin with the tokens. From the last token on, because that is where rules differ most. */
export function matchesPlainly(tokens: Tokens, words: readonly Word[]): boolean {
  if (words.length < tokens.length) return false;
  for (let at = tokens.length - 1; at >= 0; at--) {
    const alternatives = tokens[at] as readonly string[];
    const word = words[at] as string;
    if (alternatives.length === 1 ? alternatives[0] !== word : !alternatives.includes(word)) return false;
  }
  return true;
}

/**
 * Whether `words` certainly begin with the tokens, for rules that allow: as written, or with options in between whose number of words is
 * known.
 */
export function surelyMatches(program: string, tokens: Tokens, words: readonly Word[]): boolean {
  return isLiteralPrefix(tokens, words) || isPrefixPastKnownOptions(program, tokens, words);
}

function isLiteralPrefix(tokens: Tokens, words: readonly Word[]): boolean {
  if (words.length < tokens.length) return false;
  for (let at = 0; at < tokens.length; at++) {
    const word = words[at];
    if (typeof word !== 'string' || !tokens[at]?.includes(word)) return false;
  }
  return true;
}

function isPrefixPastKnownOptions(program: string, tokens: Tokens, words: readonly Word[]): boolean {
  let at = 0;
  for (const alternatives of tokens) {
    for (;;) {
      const word = words[at];
      if (typeof word !== 'string') return false;
      if (alternatives.includes(word)) break;
      const width = word.startsWith('-') && at > 0 ? widthOf(program, word) : undefined;
      if (width === undefined) return false;
      // A value that may become several words, or none, shifts what comes after it.
      const value = words[at + 1];
      if (width === 2 && typeof value === 'object' && value.many) return false;
      at += width;
    }
    at += 1;
  }
  return true;
}

/**
 * Whether `words` may begin with the tokens under any reading. For rules that stop a command, so every doubt counts as a match:
 * options may stand in between with or without a value, and an unknown word is assumed to match. True if the budget is spent.
 */
export function mayMatch(program: string, tokens: Tokens, words: readonly Word[], budget = matchBudget()): boolean {
  // Most commands are literal and have no option in the way: these have one reading.
  for (let at = 0; ; at++) {
    const alternatives = tokens[at];
    if (!alternatives) return true;
    const word = words[at];
    if (word === undefined) return false;
    if (typeof word !== 'string' || (at > 0 && mayBePassedOver(word))) return mayMatchSomehow(program, tokens, words, budget);
    if (!alternatives.includes(word)) return false;
  }
}

function mayMatchSomehow(program: string, tokens: Tokens, words: readonly Word[], budget: MatchBudget): boolean {
  const seen = new Set<number>();
  const from = (token: number, at: number): boolean => {
    const alternatives = tokens[token];
    if (!alternatives) return true;
    const word = words[at];
    if (word === undefined) return false;
    const state = token * 65_536 + at;
    if (seen.has(state)) return false;
    seen.add(state);
    budget.left -= 1;
    if (budget.left < 0) return true;
    if (alternatives.some((alternative) => mayBe(word, alternative)) && from(token + 1, at + 1)) return true;
    if (typeof word === 'object' && word.many) {
      // Whatever it begins with may be followed by all the rest.
      if (alternatives.some((alternative) => mayBe(word, alternative)) || (at > 0 && mayBeOption(word))) return true;
      return from(token, at + 1);
    }
    if (at > 0 && (word === '' || word === '-')) return from(token, at + 1);
    if (at === 0 || !mayBeOption(word)) return false;
    const width = typeof word === 'string' ? widthOf(program, word) : undefined;
    return (width !== 2 && from(token, at + 1)) || (width !== 1 && from(token, at + 2));
  };
  return from(0, 0);
}

/**
 * Whether an option may be among the words: as written, in a bundle of letters, with a value attached, or shortened. Where the program
 * is known, letters behind one that takes a value are the value.
 */
export function mayHaveOption(words: readonly Word[], option: string, endsAtDashes: boolean, program?: string): boolean {
  for (const word of words) {
    if (endsAtDashes && word === '--') return false;
    if (typeof word === 'object' ? mayHoldOption(word) : isOption(word, option, program)) return true;
  }
  return false;
}

/**
 * Whether an unknown word may hold an option. What a shell splits may go on with one, however it begins; file names that a pattern stands
 * for all begin as the pattern does.
 */
export const mayHoldOption = (word: Unknown): boolean => mayBeOption(word) || (word.many && /[$`]/.test(word.source));

function isOption(word: string, option: string, program: string | undefined): boolean {
  if (word === option) return true;
  if (!word.startsWith('-')) return false;
  if (option.startsWith('--')) {
    // kubectl reads `--as_group` as `--as-group`.
    const name = (word.split('=', 1)[0] ?? '').replaceAll('_', '-');
    return word.startsWith('--') && (name === option || (abbreviates(program) && name.length > 2 && option.startsWith(name)));
  }
  // A longer option with one dash, as find has them, is never bundled.
  return option.length === 2 && !word.startsWith('--') && lettersOf(program, word).includes(option.slice(1));
}
