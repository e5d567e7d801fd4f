import { type Clock, systemClock } from '../clock.ts';
import { MissingObjectError, toError } from '../errors.ts';

export interface UpkeepOptions {
  /** The name of the work for messages, such as `the certificate`. */
  readonly what: string;
  readonly everyMs: number;
  /** How old the last success may be before `fault` says so. */
  readonly staleAfterMs: number;
  readonly work: () => Promise<unknown>;
  readonly onError: (error: Error) => void;
  readonly clock?: Clock | undefined;
}

/**
 * Periodic work that must succeed for a program to be ready, such as the renewal of its certificate. One at a time; a failure is reported and
 * retried in the next interval. `fault` is for `/readyz`.
 */
export class Upkeep {
  readonly #options: UpkeepOptions;
  readonly #clock: Clock;
  #succeededAt: number | undefined;
  #missing: string | undefined;
  #last = '';

  constructor(options: UpkeepOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** Why the program must not be used now; undefined when it may. At once when an object is missing that only an admin can bring back. */
  fault(): string | undefined {
    if (this.#missing !== undefined) return this.#missing;
    const { what, staleAfterMs } = this.#options;
    if (this.#succeededAt === undefined) return `${what} was not kept up yet`;
    const age = this.#clock.monotonic() - this.#succeededAt;
    return age > staleAfterMs ? `${what} was not kept up for ${Math.round(age / 1000)} s: ${this.#last}` : undefined;
  }

  /** Does the work once. Rejects as the work does. */
  async once(): Promise<void> {
    try {
      await this.#options.work();
      this.#succeededAt = this.#clock.monotonic();
      this.#missing = undefined;
    } catch (thrown) {
      const error = toError(thrown);
      if (error instanceof MissingObjectError) this.#missing = error.message;
      this.#last = error.message;
      throw error;
    }
  }

  /** Repeats the work until the returned function is called. */
  start(): () => void {
    let isStopped = false;
    let cancel = () => {};
    const arm = () => {
      cancel = this.#clock.setTimeout(() => {
        void this.once()
          .catch(this.#options.onError)
          .then(() => {
            if (!isStopped) arm();
          });
      }, this.#options.everyMs);
    };
    arm();
    return () => {
      isStopped = true;
      cancel();
    };
  }
}
