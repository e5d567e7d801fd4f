import { type Clock, systemClock } from '../clock.ts';
import {
  initQueueMetrics,
  observeRunningWork,
  queueAdds,
  queueDepth,
  queueDuration,
  queueRetries,
  workDuration,
} from '../metrics.ts';
import { type BackoffOptions, backoffDelay } from './backoff.ts';
import { type Grouping, ReadyKeys } from './ready-keys.ts';

export interface WorkQueueOptions<K = string> {
  /** Label of the metrics; without it, none are written. */
  name?: string | undefined;
  /** Delays of `addRateLimited`, per key: 5 ms doubling to 1000 s by default. */
  limiter?: BackoffOptions | undefined;
  clock?: Clock | undefined;
  /** How groups of keys share the workers. Without it the oldest key of all comes first. */
  grouping?: Grouping<K> | undefined;
}

/**
 * Keys that need work, as client-go's workqueue.
 *
 * Guarantees: a key added many times before it is taken is handed out once; a key is never handed out while it is being worked
 * on; a key added while it is worked on is handed out again after `done`. So no change is lost and no two workers meet on one
 * key. Each `get` must be followed by one `done`.
 */
export class WorkQueue<K = string> {
  readonly #clock: Clock;
  readonly #limiter: BackoffOptions;
  readonly #name: string | undefined;
  readonly #stopObserving: () => void;
  /** A key is here or in `#processing`, and in `#dirty` if it must be (re)done. */
  readonly #ready: ReadyKeys<K>;
  readonly #dirty = new Set<K>();
  readonly #processing = new Map<K, number>();
  readonly #addedAt = new Map<K, number>();
  readonly #failures = new Map<K, number>();
  readonly #delayed = new Map<K, { at: number; cancel: () => void }>();
  readonly #waiters: ((key: K | undefined) => void)[] = [];
  #closed = false;

  constructor(options: WorkQueueOptions<K> = {}) {
    this.#ready = new ReadyKeys(options.grouping);
    this.#clock = options.clock ?? systemClock;
    this.#limiter = options.limiter ?? { baseMs: 5, maxMs: 1_000_000 };
    this.#name = options.name;
    if (options.name !== undefined) initQueueMetrics(options.name);
    this.#stopObserving =
      options.name === undefined ? () => undefined : observeRunningWork(options.name, () => this.#runningSeconds());
  }

  /** How many keys are ready to be taken. */
  get length(): number {
    return this.#ready.size;
  }

  /** Asks for work on a key as soon as possible. Does nothing after `shutDown`. */
  add(key: K): void {
    if (this.#closed || this.#dirty.has(key)) return;
    this.#dirty.add(key);
    this.#addedAt.set(key, this.#clock.monotonic());
    if (this.#name !== undefined) queueAdds.inc({ name: this.#name });
    if (!this.#processing.has(key)) this.#push(key);
  }

  /** Asks for work on a key after a while. Of several delayed requests for one key the earliest wins. */
  addAfter(key: K, ms: number): void {
    if (this.#closed) return;
    if (ms <= 0) {
      this.add(key);
      return;
    }
    const at = this.#clock.monotonic() + ms;
    const waiting = this.#delayed.get(key);
    if (waiting && waiting.at <= at) return;
    waiting?.cancel();
    const cancel = this.#clock.setTimeout(() => {
      this.#delayed.delete(key);
      this.add(key);
    }, ms);
    this.#delayed.set(key, { at, cancel });
  }

  /** Asks for work on a key after a delay that grows with each call, until `forget`. */
  addRateLimited(key: K): void {
    if (this.#closed) return;
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    if (this.#name !== undefined) queueRetries.inc({ name: this.#name });
    this.addAfter(key, backoffDelay(failures, this.#limiter));
  }

  /** Resets the back-off of a key. Does not remove the key from the queue. */
  forget(key: K): void {
    this.#failures.delete(key);
  }

  /** How many times `addRateLimited` was called for a key since `forget`. */
  retries(key: K): number {
    return this.#failures.get(key) ?? 0;
  }

  /** The next key, now or when there is one; undefined once the queue is shut down. */
  get(): Promise<K | undefined> {
    if (this.#closed) return Promise.resolve(undefined);
    const next = this.#ready.take();
    if (next) return Promise.resolve(this.#begin(next.key));
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** Marks the work on a key as ended, successful or not. */
  done(key: K): void {
    const since = this.#processing.get(key);
    if (since === undefined) return;
    this.#processing.delete(key);
    this.#ready.release(key);
    if (this.#name !== undefined) workDuration.observe({ name: this.#name }, (this.#clock.monotonic() - since) / 1000);
    if (this.#closed) return;
    if (this.#dirty.has(key)) this.#ready.add(key);
    // Its group has room for one more now.
    this.#serve();
  }

  /** Ends the queue: what is not yet taken is dropped (a level-based controller finds it again), and every `get` gives undefined. */
  shutDown(): void {
    this.#closed = true;
    for (const { cancel } of this.#delayed.values()) cancel();
    for (const all of [this.#delayed, this.#ready, this.#dirty, this.#addedAt, this.#failures]) all.clear();
    for (const resolve of this.#waiters.splice(0)) resolve(undefined);
    this.#stopObserving();
    this.#reportDepth();
  }

  #push(key: K): void {
    this.#ready.add(key);
    this.#serve();
  }

  #serve(): void {
    while (this.#waiters.length > 0) {
      const next = this.#ready.take();
      if (!next) break;
      this.#waiters.shift()?.(this.#begin(next.key));
    }
    this.#reportDepth();
  }

  // Called only for keys that were taken out of #ready.
  #begin(key: K): K {
    const now = this.#clock.monotonic();
    this.#dirty.delete(key);
    this.#processing.set(key, now);
    const addedAt = this.#addedAt.get(key) ?? now;
    this.#addedAt.delete(key);
    if (this.#name !== undefined) queueDuration.observe({ name: this.#name }, (now - addedAt) / 1000);
    this.#reportDepth();
    return key;
  }

  #reportDepth(): void {
    if (this.#name !== undefined) queueDepth.set({ name: this.#name }, this.#ready.size);
  }

  #runningSeconds(): number[] {
    const now = this.#clock.monotonic();
    return [...this.#processing.values()].map((since) => (now - since) / 1000);
  }
}
