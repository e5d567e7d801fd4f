/** A phrase that a reader who has not met the code does not understand, or that is not a term of the field. */
export type Phrase = {
  /** A regular expression, read without regard to case. A space in it also matches the break of a line, of a comment too. */
  pattern: string;
  /** Why it is refused. */
  reason: string;
  /** What to write. */
  instead: string;
  /** Texts in which the pattern is found. */
  found: readonly string[];
  /** Texts near to it that are plain English, and in which it is not found. */
  plain?: readonly string[];
};
