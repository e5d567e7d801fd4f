/** Something the caller has to correct; printed without a stack. */
export class UsageError extends Error {
  override name = 'UsageError';
}
