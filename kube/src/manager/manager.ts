import type { Informer } from '../cache/informer.ts';
import { type Clock, sleep, systemClock } from '../clock.ts';
import { LeadershipLostError, toError } from '../errors.ts';
import { type Logger, silentLogger } from '../logger.ts';
import type { KubeObject } from '../types.ts';
import type { LeaderElector } from './leader-elector.ts';
import { type Runnable, Stage } from './runnable.ts';

export interface ManagerOptions {
  /** Without one, controllers start as soon as the caches have synced. */
  elector?: LeaderElector | undefined;
  /** 2 min by default. */
  cacheSyncTimeoutMs?: number | undefined;
  /** For the whole stop, all stages together; 30 s by default. */
  gracefulShutdownMs?: number | undefined;
  logger?: Logger | undefined;
  clock?: Clock | undefined;
}

/**
 * Starts and stops the parts of a program in the one right order.
 *
 * Start: servers (until ready) → caches (until synced) → runnables → leadership → controllers.
 * Stop, on the signal, on the failure of any part, or on loss of leadership: controllers and runnables → caches → servers → lease.
 * So nothing reconciles on an unsynced cache, a webhook answers as long as anything may need it, and no other process can become
 * leader while a reconcile of ours still runs. If a part does not stop in time, the lease is left to expire.
 */
export class Manager {
  readonly #options: ManagerOptions;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #servers: Runnable[] = [];
  readonly #informers: Informer<never>[] = [];
  readonly #runnables: Runnable[] = [];
  readonly #controllers: Runnable[] = [];
  readonly #stop = new AbortController();
  readonly #serving = new Stage((error) => this.#fail(error));
  readonly #caching = new Stage((error) => this.#fail(error));
  readonly #working = new Stage((error) => this.#fail(error));
  #stopped: Promise<void> | undefined;
  #failure: Error | undefined;

  constructor(options: ManagerOptions = {}) {
    this.#options = options;
    this.#logger = options.logger ?? silentLogger;
    this.#clock = options.clock ?? systemClock;
  }

  /** A server that starts first and stops last: health, metrics, a webhook. */
  addServer(server: Runnable): this {
    this.#servers.push(server);
    return this;
  }

  /** A cache controllers read. */
  addInformer<T extends KubeObject>(informer: Informer<T>): this {
    this.#informers.push(informer as unknown as Informer<never>);
    return this;
  }

  /** Something that needs caches, but not leadership. */
  addRunnable(runnable: Runnable): this {
    this.#runnables.push(runnable);
    return this;
  }

  /** Something only the leader does. */
  addController(controller: Runnable): this {
    this.#controllers.push(controller);
    return this;
  }

  /** For `/readyz`: all caches are synced and fresh, and no stop has begun. Does not depend on leadership. */
  ready(): boolean {
    return !this.#stop.signal.aborted && this.#informers.every((informer) => informer.healthy());
  }

  /**
   * Runs everything until the signal aborts; resolves when all of it has stopped. Rejects, also after all has stopped, with the
   * first failure of a part, with `LeadershipLostError`, or if something did not stop in time. To be started once.
   */
  async start(signal: AbortSignal): Promise<void> {
    const onSignal = () => this.#stop.abort(signal.reason);
    if (signal.aborted) onSignal();
    signal.addEventListener('abort', onSignal, { once: true });
    try {
      await this.#startUp();
      const { elector } = this.#options;
      if (elector) await elector.run({ started: (leading) => this.#lead(leading) }, this.#stop.signal);
      else await this.#lead(this.#stop.signal);
    } catch (thrown) {
      if (!this.#stop.signal.aborted || thrown !== this.#stop.signal.reason) this.#fail(toError(thrown));
    } finally {
      signal.removeEventListener('abort', onSignal);
    }
    await this.#stopAll(this.#stop.signal.reason).catch((thrown) => this.#fail(toError(thrown)));
    if (this.#failure) throw this.#failure;
  }

  async #startUp(): Promise<void> {
    this.#serving.start(this.#servers);
    await this.#unlessStopped(Promise.all(this.#servers.map((server) => server.ready)));
    this.#caching.start(this.#informers.map(asRunnable));
    await this.#unlessStopped(this.#synced());
    if (!this.#stop.signal.aborted) this.#working.start(this.#runnables);
  }

  async #lead(signal: AbortSignal): Promise<void> {
    if (!signal.aborted) {
      this.#logger.info('Controllers started', { controllers: this.#controllers.map(({ name }) => name) });
      this.#working.start(this.#controllers);
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    }
    if (signal.reason instanceof LeadershipLostError) this.#fail(signal.reason);
    await this.#stopAll(signal.reason);
  }

  async #synced(): Promise<void> {
    const timeoutMs = this.#options.cacheSyncTimeoutMs ?? 120_000;
    const done = new AbortController();
    const all = Promise.all(this.#informers.map(({ synced }) => synced)).then(() => done.abort());
    const late = await Promise.race([all, sleep(timeoutMs, AbortSignal.any([done.signal, this.#stop.signal]), this.#clock)]);
    if (late !== true) return;
    const missing = this.#informers.filter((informer) => !informer.healthy()).map(({ resource }) => resource.plural);
    throw new Error(`Caches did not sync within ${timeoutMs} ms: ${missing.join(', ')}`);
  }

  async #unlessStopped(started: Promise<unknown>): Promise<void> {
    const stopped = new Promise((resolve) => this.#stop.signal.addEventListener('abort', resolve, { once: true }));
    if (!this.#stop.signal.aborted) await Promise.race([started, stopped]);
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#stop.abort(error);
  }

  #stopAll(reason: unknown): Promise<void> {
    this.#stopped ??= this.#stopInOrder(reason);
    return this.#stopped;
  }

  async #stopInOrder(reason: unknown): Promise<void> {
    this.#logger.info('Stop began', reason instanceof Error ? { reason: reason.message } : {});
    const deadline = this.#clock.monotonic() + (this.#options.gracefulShutdownMs ?? 30_000);
    const late: string[] = [];
    for (const stage of [this.#working, this.#caching, this.#serving]) {
      late.push(...(await stage.stop(deadline - this.#clock.monotonic(), reason, this.#clock)));
    }
    if (late.length > 0) throw new Error(`Did not stop in time: ${late.join(', ')}`);
  }
}

function asRunnable(informer: Informer<never>): Runnable {
  return { name: `cache of ${informer.resource.plural}`, start: (signal) => informer.start(signal) };
}
