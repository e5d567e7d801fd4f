/** What is said of an error that people meet, beside its code. */
export interface ErrorEntry {
  /** What happened and why, in full sentences. */
  readonly when: string;
  /** What to do next. */
  readonly next: string;
}

/**
 * Errors by their code. A code is stable: programs compare it, so it keeps its meaning once it is released. docs/errors.md is generated
 * from all tables, and `make check` fails for a code that no program uses.
 */
export type ErrorTable = Readonly<Record<string, ErrorEntry>>;

/** What a program reads of one reason of a refusal, as `details.causes` of a Kubernetes Status has it. */
export interface ErrorCause<Code extends string = string> {
  readonly reason: Code;
  readonly message: string;
}
