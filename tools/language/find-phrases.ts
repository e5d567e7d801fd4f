import type { Phrase } from './phrase.ts';

/** A phrase in a text, and the number of its line, from 1. */
export type Finding = { line: number; text: string; phrase: Phrase };

/** What stands between two words of a sentence: blanks, or the end of a line and what begins the next line of a comment. */
const GAP = String.raw`(?:[ \t]+|[ \t]*\n[ \t]*(?:\*|//|#|>)?[ \t]*)`;

/** Finds phrases of the table in texts, in the order of the table. */
export function phraseFinder(phrases: readonly Phrase[]): (text: string) => Finding[] {
  const compiled = phrases.map((phrase) => ({ phrase, regExp: new RegExp(phrase.pattern.replaceAll(' ', GAP), 'gi') }));
  return (text) =>
    compiled.flatMap(({ phrase, regExp }) =>
      [...text.matchAll(regExp)].map((match) => ({
        line: text.slice(0, match.index).split('\n').length,
        text: match[0].replace(/\s+/g, ' '),
        phrase,
      })),
    );
}
