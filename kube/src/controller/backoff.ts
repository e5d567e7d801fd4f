/** How delays grow. The n-th delay is `baseMs * factor^n`, at most `maxMs`, then up to `jitter` (a share) longer. */
export interface BackoffOptions {
  baseMs: number;
  maxMs: number;
  factor?: number | undefined;
  jitter?: number | undefined;
  random?: (() => number) | undefined;
}

/** A growing delay with memory. */
export interface Backoff {
  /** The delay to wait before the next try. */
  next(): number;
  /** To be called on success: the next delay is the smallest again. */
  reset(): void;
}

/** The delay after `failures` earlier ones (0 = first). Never more than `maxMs * (1 + jitter)`. */
export function backoffDelay(failures: number, options: BackoffOptions): number {
  const { baseMs, maxMs, factor = 2, jitter = 0, random = Math.random } = options;
  // Beyond 2^1023 the power is Infinity, and min() still gives maxMs.
  const delay = Math.min(maxMs, baseMs * factor ** failures);
  return delay * (1 + jitter * random());
}

/** Starts at the smallest delay. */
export function backoff(options: BackoffOptions): Backoff {
  let failures = 0;
  return {
    next: () => backoffDelay(failures++, options),
    reset: () => {
      failures = 0;
    },
  };
}
