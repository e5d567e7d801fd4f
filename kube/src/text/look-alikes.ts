import { lookAlikesOf } from './look-alikes.data.ts';

/*
 * Characters that look like others (Unicode TR 39). Scripts and compatibility forms are from the Unicode data of Node, the rest from
 * Unicode's confusables.txt.
 */
const prototypes: ReadonlyMap<string, string> = new Map(
  Object.entries(lookAlikesOf).flatMap(([ascii, others]) => [...others].map((one): [string, string] => [one, ascii])),
);

const WORD = /[\p{L}\p{N}\p{M}_]+/gu;
const LATIN = /[A-Za-z]/;
const DIGIT = /[0-9]/;
/** Letters of other scripts that pass for a digit between digits. In other words they may be what somebody writes: `2024г`. */
const LIKE_DIGIT = /[\u041e\u043e\u0417\u0437\u0431\u039f\u03bf\u0555\u0585]/;
/** Letters and digits that compatibility forms of ASCII are among; superscripts, ordinals and circled numbers are not. */
const ORDINARY = /[\p{Lu}\p{Ll}\p{Nd}]/u;
/** Twice as wide as the ASCII ones, so that nobody mistakes a word in such letters for another word; Japanese uses them. */
const FULL_WIDTH = /[\uff10-\uff5a]/;
/** Scripts that are written together with Latin letters: TR 39, section 5.2, "Highly Restrictive". */
const BESIDE_LATIN =
  /[\p{Script=Latin}\p{Script=Common}\p{Script=Inherited}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Bopomofo}]/u;
/** Signs that mean something in names, addresses and commands. Dashes and quotes of ordinary prose are not among them. */
const SIGNS = /[^\p{L}\p{N}\p{M}\s\u0000-\u007f\u2013-\u201f]/gu;
const MEANING = /^[-./:@_~=&;|\\]$/;
const ASCII_WORD = /[A-Za-z0-9]/;

/** Where a text has characters that pass for others: foreign letters in Latin words, and signs in names that are not the ASCII ones. */
export function lookAlikes(text: string): number[] {
  return [...letters(text), ...signs(text)];
}

function letters(text: string): number[] {
  return [...text.matchAll(WORD)].flatMap(({ 0: word, index }) => {
    const isOdd = oddIn(word);
    const found: number[] = [];
    let at = index;
    for (const character of word) {
      if (character > '\u007f' && isOdd(character)) found.push(at);
      at += character.length;
    }
    return found;
  });
}

// Which characters of a word pass for ASCII. A word in mathematical letters or digits looks like an ASCII word as a whole.
function oddIn(word: string): (character: string) => boolean {
  if (LATIN.test(word)) return (character) => isForeign(character) || isLikeAscii(character);
  if (DIGIT.test(word)) return (character) => LIKE_DIGIT.test(character) || isLikeDigit(character) || isForm(character);
  return (character) => isForm(character) && !FULL_WIDTH.test(character);
}

const isForeign = (character: string) => /\p{L}/u.test(character) && !BESIDE_LATIN.test(character);
const isLikeAscii = (character: string) =>
  /^[A-Za-z0-9]$/.test(prototypes.get(character) ?? '') || /^[A-Za-z0-9]+$/.test(character.normalize('NFKC'));
const isForm = (character: string) => ORDINARY.test(character) && /^[A-Za-z0-9]$/.test(character.normalize('NFKC'));
const isLikeDigit = (character: string) => /^[0-9OoIl]$/.test(prototypes.get(character) ?? '');

function signs(text: string): number[] {
  return [...text.matchAll(SIGNS)].flatMap(({ 0: sign, index }) => {
    const like = prototypes.get(sign) ?? sign.normalize('NFKC');
    const isInside = ASCII_WORD.test(text.charAt(index - 1)) || ASCII_WORD.test(text.charAt(index + sign.length));
    return isInside && MEANING.test(like) ? [index] : [];
  });
}
