import { type Clock, sleep } from '../clock.ts';
import { toError } from '../errors.ts';

/** Something long-lived. */
export interface Runnable {
  readonly name: string;
  /** Runs until the signal aborts; resolves when it has fully stopped. */
  start(signal: AbortSignal): Promise<void>;
  /** Resolves when it can be used; for those where that takes time, such as a server that must listen first. */
  readonly ready?: Promise<unknown> | undefined;
}

/** Runnables that start and stop together. */
export class Stage {
  readonly #abort = new AbortController();
  readonly #onFailure: (error: Error) => void;
  readonly #running = new Map<Runnable, Promise<void>>();

  /** `onFailure` is called for each runnable that rejects, or ends before `stop`. */
  constructor(onFailure: (error: Error) => void) {
    this.#onFailure = onFailure;
  }

  /** Starts them all. */
  start(runnables: readonly Runnable[]): void {
    for (const runnable of runnables) this.#running.set(runnable, this.#run(runnable));
  }

  /** Stops them all. Resolves to the names of those still running after `graceMs`. */
  async stop(graceMs: number, reason: unknown, clock: Clock): Promise<string[]> {
    this.#abort.abort(reason);
    const enough = new AbortController();
    const all = Promise.all(this.#running.values()).then(() => enough.abort());
    await Promise.race([all, sleep(Math.max(0, graceMs), enough.signal, clock)]);
    return [...this.#running.keys()].map((runnable) => runnable.name);
  }

  async #run(runnable: Runnable): Promise<void> {
    // Never ends within `start`: it must be in the map before it can leave it.
    await Promise.resolve();
    try {
      await runnable.start(this.#abort.signal);
      if (!this.#abort.signal.aborted) this.#onFailure(new Error(`${runnable.name} ended by itself`));
    } catch (thrown) {
      this.#onFailure(new Error(`${runnable.name} failed: ${toError(thrown).message}`, { cause: thrown }));
    } finally {
      this.#running.delete(runnable);
    }
  }
}
