import type { CliErrorCode } from './cli-errors.ts';

/** An error that the caller must correct; printed without a stack. */
export class UsageError extends Error {
  override name = 'UsageError';
  /** What kind of error it is, for programs. */
  readonly code: CliErrorCode;

  constructor(code: CliErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
