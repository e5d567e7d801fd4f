import type { PolicyErrorCode } from '@sentinel/policy';
import type { CliErrorCode } from './cli-errors.ts';

/** An error that the caller must correct; printed without a stack. */
export class UsageError extends Error {
  override name = 'UsageError';
  /** What kind of error it is, for programs: an error of the command, or what policy would refuse. */
  readonly code: CliErrorCode | PolicyErrorCode;

  constructor(code: CliErrorCode | PolicyErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
