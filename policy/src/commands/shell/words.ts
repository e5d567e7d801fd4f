/** A word whose value is only known when the command runs. */
export interface Unknown {
  /** The word as it was written. */
  readonly source: string;
  /** What it certainly begins with. */
  readonly prefix: string;
  /** Whether it may become no word at all, or several. */
  readonly many: boolean;
}

/** One word in a command: its literal value, or what is known about it. */
export type Word = string | Unknown;

/** A word that is one argument with an unknown value. */
export const unknown = (source: string, prefix = ''): Unknown => ({ source, prefix, many: false });

/** A word that becomes any number of arguments. */
export const anyNumber = (source: string, prefix = ''): Unknown => ({ source, prefix, many: true });

/** The literal value of a word, if it has one. */
export const literal = (word: Word | undefined): string | undefined => (typeof word === 'string' ? word : undefined);

/** Whether a word may turn out to be `token`. */
export const mayBe = (word: Word, token: string): boolean =>
  typeof word === 'string' ? word === token : token.startsWith(word.prefix);

/** Whether a word may be read as an option. */
export function mayBeOption(word: Word): boolean {
  if (typeof word === 'string') return word.length > 1 && word.startsWith('-');
  return word.prefix === '' || word.prefix.startsWith('-');
}

/** What a text that is joined of words certainly begins with. */
export function beginningOf(words: readonly Word[]): string {
  const at = words.findIndex((word) => typeof word === 'object');
  const sure = at < 0 ? words : words.slice(0, at);
  const next = words[at];
  return [...sure, typeof next === 'object' ? next.prefix : ''].join(' ');
}

/** The word for people: an unresolved one stands in angle brackets as it was written. */
export const showWord = (word: Word): string => (typeof word === 'string' ? word : `⟨${word.source}⟩`);
