/** Time, so that tests can hold it. */
export interface Clock {
  /** Wall clock, in ms since the epoch. For stamps only: it can jump. */
  now(): number;
  /** Monotonic, in ms. For all durations and deadlines. */
  monotonic(): number;
  /** Runs `callback` once, after `ms` at the earliest; any length of time. Returns how to cancel. */
  setTimeout(callback: () => void, ms: number): () => void;
}

const MAX_TIMER_MS = 2 ** 31 - 1;

/** The real clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout(callback, ms) {
    let timer: NodeJS.Timeout;
    // Node runs a timer longer than 2^31 ms at once; so long waits are cut in pieces.
    const arm = (left: number) => {
      timer = left > MAX_TIMER_MS ? setTimeout(() => arm(left - MAX_TIMER_MS), MAX_TIMER_MS) : setTimeout(callback, left);
    };
    arm(Math.max(0, ms));
    return () => clearTimeout(timer);
  },
};

/** Waits. Resolves early (never rejects) when the signal aborts; resolves to whether the whole time has passed. */
export function sleep(ms: number, signal?: AbortSignal, clock: Clock = systemClock): Promise<boolean> {
  return new Promise((resolve) => {
    if (signal?.aborted) {
      resolve(false);
      return;
    }
    const onAbort = () => {
      cancel();
      resolve(false);
    };
    const cancel = clock.setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve(true);
    }, ms);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** An RFC 3339 stamp with 6 decimals, as MicroTime fields want it. */
export function microTime(ms: number): string {
  return new Date(ms).toISOString().replace(/Z$/, '000Z');
}
