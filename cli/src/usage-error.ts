/** An error that the caller must correct; printed without a stack. */
export class UsageError extends Error {
  override name = 'UsageError';
}
