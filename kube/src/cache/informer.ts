import { collectionPath } from '../client/paths.ts';
import { compareResourceVersions } from '../client/resource-version.ts';
import { apiVersionOf } from '../client/resources.ts';
import { type Clock, sleep, systemClock } from '../clock.ts';
import { type Backoff, backoff } from '../controller/backoff.ts';
import { deepFreeze } from '../equality.ts';
import { ApiError, apiErrorFromStatus, isGone, StoreWentBackError, toError } from '../errors.ts';
import { type Logger, silentLogger } from '../logger.ts';
import { observeInformer } from '../state-metrics.ts';
import { type WatchEvent, watchEvents } from '../transport/watch-stream.ts';
import type { KubeObject, ResourceKind, StatusObject } from '../types.ts';
import type { ChangeHandler, InformerOptions } from './informer-options.ts';
import { type Delta, MutableStore, type Store } from './store.ts';

/** The longest Retry-After that is honored: a proxy can send any number, and meanwhile the cache would be blind. */
const MAX_RETRY_AFTER_MS = 60_000;
const FAILURES_BEFORE_RELIST = 5;
/** One older list may be an error of a server. This many in a row mean another history, such as that of a restored backup. */
const OLDER_LISTS = 3;
const LONG_WATCH_MS = 30_000;

/** Creates an informer that is not yet started. */
export function createInformer<T extends KubeObject>(options: InformerOptions<T>): Informer<T> {
  return new Informer(options);
}

/**
 * A local copy of a collection, kept by list and watch.
 *
 * Guarantees: it runs until stopped, in spite of network errors and invalid responses (each failure is followed by another attempt with
 * back-off, no sooner than Retry-After, of which a minute counts at most). The store never returns to an older version: an older list or
 * event is refused. After a 410, a list replaces the store in one step. A delete and recreate in a gap is reported as delete, then add. No
 * change is skipped permanently: after a lost or unreadable event the watch resumes before it, or a new list is read. Intermediate states
 * may be merged. Single objects are frozen. Not guaranteed: freshness; use a live read if a stale object is not acceptable.
 */
export class Informer<T extends KubeObject = KubeObject> {
  readonly resource: ResourceKind<T>;
  /** Resolves when the first list is in the store and was passed to the handlers. Stays pending if stopped before. */
  readonly synced: Promise<void>;
  readonly store: Store<T>;
  readonly #store: MutableStore<T>;
  readonly #options: InformerOptions<T>;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #retry: Backoff;
  readonly #handlers = new Set<ChangeHandler<T>>();
  readonly #markSynced: () => void;
  #isSynced = false;
  /** The version up to which the store is complete; '' asks for a list. */
  #version = '';
  /** The newest version ever seen: the floor for lists. */
  #newest = '';
  #blindSince: number | undefined;
  #failures = 0;
  /** The time of the last data from the server. */
  #heardAt = 0;
  #olderLists = 0;

  constructor(options: InformerOptions<T>) {
    const synced = Promise.withResolvers<void>();
    this.synced = synced.promise;
    this.#markSynced = synced.resolve;
    this.#options = options;
    this.resource = options.resource;
    this.#store = new MutableStore(options.indexers);
    this.store = this.#store;
    this.#clock = options.clock ?? systemClock;
    this.#logger = (options.logger ?? silentLogger).child({ resource: options.resource.plural });
    this.#retry = backoff({ ...(options.retry ?? { baseMs: 500, maxMs: 30_000 }), jitter: 0.5 });
  }

  /** Registers a handler; existing objects are passed to it at once as adds. Returns the function to unregister it. */
  onChange(handler: ChangeHandler<T>): () => void {
    for (const object of this.#store.list()) this.#tell(handler, { type: 'add', object });
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  /**
   * Whether the store is fresh: the first list is stored, there was a watch within the last seconds, and the server sent data within the time
   * after which a silent watch is opened again.
   */
  healthy(): boolean {
    if (!this.#isSynced) return false;
    const { unhealthyAfterMs = 15_000, quietMs = 90_000 } = this.#options;
    const now = this.#clock.monotonic();
    if (now - this.#heardAt >= quietMs) return false;
    return this.#blindSince === undefined || now - this.#blindSince < unhealthyAfterMs;
  }

  /**
   * Lists and watches until the signal aborts; then resolves. Must be started only once.
   *
   * @throws StoreWentBackError when the server's history is another one than what is in the store. Only a new process starts clean.
   */
  async start(signal: AbortSignal): Promise<void> {
    const stopResync = this.#startResync(signal);
    const stopObserving = observeInformer({ resource: this.resource.plural }, () => (this.healthy() ? 1 : 0));
    try {
      while (!signal.aborted) await this.#listOrWatch(signal);
    } finally {
      stopResync();
      stopObserving();
    }
  }

  async #listOrWatch(signal: AbortSignal): Promise<void> {
    try {
      if (this.#version === '') await this.#list(signal);
      await this.#watch(signal);
    } catch (thrown) {
      if (signal.aborted) return;
      if (thrown instanceof StoreWentBackError) throw thrown;
      await this.#recover(toError(thrown), signal);
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { client, resource, namespace, labelSelector, fieldSelector, pageSize } = this.#options;
    const options = { namespace, labelSelector, fieldSelector, pageSize, onlyPages: pageSize !== undefined, signal };
    const { items, resourceVersion } = await client.listMapped(resource, options, (item) => this.#prepare(item));
    if (compareResourceVersions(resourceVersion, this.#newest) < 0) {
      this.#olderLists += 1;
      const why = `The list (${resourceVersion}) is older than what was seen before (${this.#newest})`;
      throw this.#olderLists < OLDER_LISTS ? new Error(why) : new StoreWentBackError(this.resource.plural, why);
    }
    this.#olderLists = 0;
    this.#heardAt = this.#clock.monotonic();
    const deltas = this.#store.replaceAll(items);
    this.#advance(resourceVersion);
    this.#publish(deltas);
    if (!this.#isSynced) this.#logger.debug('Cache synced', { objects: items.length });
    this.#isSynced = true;
    this.#markSynced();
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const inactivityMs = this.#options.inactivityMs ?? 75_000;
    const abort = new AbortController();
    const stop = () => abort.abort(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    const watchdog = setTimeout(() => abort.abort(new Error('The watch was silent for too long')), inactivityMs);
    const openedAt = this.#clock.monotonic();
    try {
      const { body } = await this.#options.client.stream(this.#watchRequest(abort.signal));
      this.#blindSince = undefined;
      this.#heardAt = this.#clock.monotonic();
      let events = 0;
      for await (const event of watchEvents(body, () => this.#heard(watchdog))) {
        this.#apply(event);
        if (event.type === 'BOOKMARK') continue;
        events++;
        this.#progress();
      }
      this.#blindSince ??= this.#clock.monotonic();
      // Prevents a tight loop if a server ends each watch at once.
      if (events === 0 && this.#clock.monotonic() - openedAt < 1000) throw new Error('The watch ended at once');
    } finally {
      clearTimeout(watchdog);
      signal.removeEventListener('abort', stop);
      if (this.#clock.monotonic() - openedAt > LONG_WATCH_MS) this.#progress();
    }
  }

  #heard(watchdog: NodeJS.Timeout): void {
    this.#heardAt = this.#clock.monotonic();
    watchdog.refresh();
  }

  #progress(): void {
    this.#failures = 0;
    this.#retry.reset();
  }

  #watchRequest(signal: AbortSignal) {
    const { resource, namespace, labelSelector, fieldSelector } = this.#options;
    const query = {
      watch: true,
      allowWatchBookmarks: true,
      resourceVersion: this.#version,
      // Spread, so that the watches of all clients do not end together.
      timeoutSeconds: 300 + Math.floor(Math.random() * 300),
      labelSelector,
      fieldSelector,
    };
    return { method: 'GET' as const, path: collectionPath(resource, namespace), query, signal };
  }

  #apply(event: WatchEvent): void {
    if (event.type === 'ERROR') throw apiErrorFromStatus(event.object as StatusObject);
    const object = event.object as T;
    const version = object.metadata?.resourceVersion ?? '';
    if (compareResourceVersions(version, this.#version) < 0) {
      // Only a list can show which of the two is correct.
      this.#version = '';
      throw new Error(`The watch went back from ${this.#newest} to ${version}`);
    }
    const deltas = this.#change(event.type, object);
    this.#advance(version);
    this.#publish(deltas);
  }

  #change(type: string, object: T): Delta<T>[] {
    if (type === 'BOOKMARK') return [];
    if (type === 'DELETED') return this.#store.remove(this.#prepare(object));
    if (type === 'ADDED' || type === 'MODIFIED') return this.#store.upsert(this.#prepare(object));
    throw new Error(`The watch sent an event of unknown type: ${type.slice(0, 32)}`);
  }

  #advance(version: string): void {
    if (version === '') return;
    this.#version = version;
    this.#newest = version;
  }

  #prepare(object: T): T {
    const whole = { ...object, apiVersion: apiVersionOf(this.resource), kind: this.resource.kind };
    const { transform = withoutManagedFields } = this.#options;
    try {
      return deepFreeze(transform(whole));
    } catch (thrown) {
      // An untransformed object is better than a missing one.
      this.#logger.error('The transform of an object failed', { error: toError(thrown) });
      return deepFreeze(whole);
    }
  }

  async #recover(error: Error, signal: AbortSignal): Promise<void> {
    this.#blindSince ??= this.#clock.monotonic();
    this.#failures++;
    if (isGone(error) || this.#failures % FAILURES_BEFORE_RELIST === 0) this.#version = '';
    const askedMs = error instanceof ApiError ? (error.retryAfterSeconds ?? 0) * 1000 : 0;
    const retryAfterMs = Math.min(askedMs, MAX_RETRY_AFTER_MS);
    // The first 410 is normal after a quiet time: list at once, because the cache is outdated.
    const delay = isGone(error) && this.#failures === 1 ? 0 : Math.max(this.#retry.next(), retryAfterMs);
    const level = this.#failures > 1 ? 'warn' : 'debug';
    this.#logger[level]('List or watch failed', { error, retryInMs: Math.round(delay), failures: this.#failures });
    await sleep(delay, signal, this.#clock);
  }

  #publish(deltas: readonly Delta<T>[]): void {
    for (const delta of deltas) for (const handler of this.#handlers) this.#tell(handler, delta);
  }

  #tell(handler: ChangeHandler<T>, delta: Delta<T>): void {
    try {
      // A handler declared async still fits the type; its rejection must not end the process.
      const returned: unknown = handler(delta);
      if (returned instanceof Promise) returned.catch((thrown) => this.#handlerFailed(thrown));
    } catch (thrown) {
      this.#handlerFailed(thrown);
    }
  }

  #handlerFailed(thrown: unknown): void {
    this.#logger.error('A change handler failed', { error: toError(thrown) });
  }

  #startResync(signal: AbortSignal): () => void {
    const { resyncMs } = this.#options;
    if (!resyncMs) return () => undefined;
    let cancel = () => {};
    const arm = () => {
      cancel = this.#clock.setTimeout(
        () => {
          if (signal.aborted) return;
          for (const object of this.#store.list()) this.#publish([{ type: 'update', object, old: object }]);
          arm();
        },
        resyncMs * (1 + Math.random() / 10),
      );
    };
    arm();
    return () => cancel();
  }
}

function withoutManagedFields<T extends KubeObject>(object: T): T {
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}
