import { type Clock, systemClock } from '../clock.ts';
import { isConflict, LeadershipLostError, TerminalError, toError } from '../errors.ts';
import { type Logger, silentLogger } from '../logger.ts';
import {
  activeWorkers,
  initControllerMetrics,
  reconcileConflicts,
  reconcileErrors,
  reconcilePanics,
  reconcileTime,
  reconcileTimeouts,
  reconcileTotal,
  terminalReconcileErrors,
} from '../metrics.ts';
import { inSpan } from '../tracing/spans.ts';
import type { Grouping } from './ready-keys.ts';
import { WorkQueue } from './workqueue.ts';

/** The result of a reconcile, if another one is needed after some time. */
export type Result = { requeueAfterMs?: number | undefined } | undefined;

export interface ControllerOptions {
  name: string;
  /** Reconciles one key from the current state; must not depend on the event. The signal aborts at the timeout and at shutdown. */
  // biome-ignore lint/suspicious/noConfusingVoidType: a reconcile that returns nothing is the usual one
  reconcile: (key: string, signal: AbortSignal) => Promise<Result | void>;
  /** Keys worked on at the same time; 1 by default. */
  concurrency?: number | undefined;
  queue?: WorkQueue<string> | undefined;
  /** How groups of keys share the workers; without it, and with a queue of one's own, as that queue says. */
  grouping?: Grouping<string> | undefined;
  /** After this the reconcile's signal aborts; 120 s by default. Its key stays taken until it settles. */
  timeoutMs?: number | undefined;
  /** How long running reconciles may go on after stop before their signal aborts; 10 s by default. None if leadership was lost. */
  drainMs?: number | undefined;
  logger?: Logger | undefined;
  clock?: Clock | undefined;
}

/**
 * Runs a reconcile for keys of a queue.
 *
 * Guarantees: never two reconciles of one key at a time. An error (of any kind, thrown in any way) is logged once, counted, and
 * tried again with growing delay; `TerminalError` is logged, counted and not tried again; a write conflict is tried again soon
 * and counted separately. Success resets the back-off. No error of a reconcile ends the controller.
 */
export class Controller {
  readonly name: string;
  readonly queue: WorkQueue<string>;
  readonly #options: ControllerOptions;
  readonly #concurrency: number;
  readonly #logger: Logger;
  readonly #clock: Clock;
  #reconciles = 0;

  constructor(options: ControllerOptions) {
    this.name = options.name;
    this.#options = options;
    this.#concurrency = options.concurrency ?? 1;
    this.#logger = (options.logger ?? silentLogger).child({ controller: options.name });
    this.#clock = options.clock ?? systemClock;
    this.queue = options.queue ?? new WorkQueue({ name: options.name, clock: this.#clock, grouping: options.grouping });
    initControllerMetrics(options.name, this.#concurrency);
  }

  /** Enqueues a key. May be called from informers, at any time. */
  enqueue(key: string): void {
    this.queue.add(key);
  }

  /** Works until the signal aborts. Resolves when the last reconcile has settled. Can be started once. */
  async start(signal: AbortSignal): Promise<void> {
    const hardStop = new AbortController();
    let cancelDrain = () => {};
    const onStop = () => {
      this.queue.shutDown();
      const drainMs = signal.reason instanceof LeadershipLostError ? 0 : (this.#options.drainMs ?? 10_000);
      if (drainMs === 0) hardStop.abort(signal.reason);
      else cancelDrain = this.#clock.setTimeout(() => hardStop.abort(signal.reason), drainMs);
    };
    if (signal.aborted) onStop();
    else signal.addEventListener('abort', onStop, { once: true });
    await Promise.all(Array.from({ length: this.#concurrency }, () => this.#work(hardStop.signal)));
    cancelDrain();
  }

  async #work(hardStop: AbortSignal): Promise<void> {
    for (;;) {
      const key = await this.queue.get();
      if (key === undefined) return;
      activeWorkers.inc({ controller: this.name });
      try {
        await this.#reconcileOne(key, hardStop);
      } finally {
        activeWorkers.dec({ controller: this.name });
        this.queue.done(key);
      }
    }
  }

  async #reconcileOne(key: string, hardStop: AbortSignal): Promise<void> {
    const logger = this.#logger.child({ key, reconcileID: `${this.name}-${++this.#reconciles}` });
    const startedAt = this.#clock.monotonic();
    try {
      const attributes = { 'reconcile.controller': this.name, 'reconcile.key': key };
      const result = await inSpan('internal', `reconcile ${this.name}`, attributes, () => this.#withTimeout(key, hardStop));
      this.#settle(key, result ?? undefined);
    } catch (thrown) {
      this.#fail(key, thrown, { logger, stopping: hardStop.aborted });
    } finally {
      reconcileTime.observe({ controller: this.name }, (this.#clock.monotonic() - startedAt) / 1000);
    }
  }

  async #withTimeout(key: string, hardStop: AbortSignal) {
    const abort = new AbortController();
    const stop = () => abort.abort(hardStop.reason);
    const timeoutMs = this.#options.timeoutMs ?? 120_000;
    const cancel = this.#clock.setTimeout(() => {
      reconcileTimeouts.inc({ controller: this.name });
      abort.abort(new Error(`The reconcile took longer than ${timeoutMs} ms`));
    }, timeoutMs);
    if (hardStop.aborted) stop();
    hardStop.addEventListener('abort', stop, { once: true });
    try {
      return await this.#options.reconcile(key, abort.signal);
    } finally {
      cancel();
      hardStop.removeEventListener('abort', stop);
    }
  }

  #settle(key: string, result: Result): void {
    this.queue.forget(key);
    const after = result?.requeueAfterMs;
    if (after !== undefined) this.queue.addAfter(key, after);
    reconcileTotal.inc({ controller: this.name, result: after === undefined ? 'success' : 'requeue_after' });
  }

  #fail(key: string, thrown: unknown, context: { logger: Logger; stopping: boolean }): void {
    const { logger, stopping } = context;
    const error = toError(thrown);
    if (stopping) {
      logger.debug('Reconcile was broken off by the stop', { error });
    } else if (isConflict(thrown)) {
      // The object moved on: no error. The limiter begins at a few ms, so this is soon, and slower only if conflicts go on.
      reconcileConflicts.inc({ controller: this.name });
      reconcileTotal.inc({ controller: this.name, result: 'requeue' });
      this.queue.addRateLimited(key);
      logger.debug('Reconcile met a write conflict', { error });
    } else {
      this.#countError(thrown);
      if (error instanceof TerminalError) this.queue.forget(key);
      else this.queue.addRateLimited(key);
      logger.error(error instanceof TerminalError ? 'Reconcile failed for good' : 'Reconcile failed', { error });
    }
  }

  #countError(thrown: unknown): void {
    const label = { controller: this.name };
    reconcileErrors.inc(label);
    reconcileTotal.inc({ ...label, result: 'error' });
    if (thrown instanceof TerminalError) terminalReconcileErrors.inc(label);
    if (isBug(thrown)) reconcilePanics.inc(label);
  }
}

// Corresponds to a panic in Go: a programming error.
function isBug(thrown: unknown): boolean {
  return (
    !(thrown instanceof Error) || [TypeError, ReferenceError, RangeError, SyntaxError].some((kind) => thrown instanceof kind)
  );
}
