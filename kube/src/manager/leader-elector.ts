import type { KubeClient } from '../client/client.ts';
import { type Lease, leases } from '../client/resources.ts';
import { type Clock, microTime, sleep, systemClock } from '../clock.ts';
import { isAlreadyExists, isConflict, LeadershipLostError, toError } from '../errors.ts';
import { type Logger, silentLogger } from '../logger.ts';
import { observeLeadership } from '../state-metrics.ts';

export interface LeaderElectorOptions {
  client: KubeClient;
  namespace: string;
  /** Name of the Lease; it is created if need be. */
  name: string;
  /** Unique among all candidates and over restarts, such as pod name and a random part. */
  identity: string;
  /** 15 s, 10 s and 2 s by default; each must be smaller than the one before. */
  leaseDurationMs?: number | undefined;
  renewDeadlineMs?: number | undefined;
  retryPeriodMs?: number | undefined;
  logger?: Logger | undefined;
  clock?: Clock | undefined;
}

export interface LeaderCallbacks {
  /**
   * Called once, when the lease is held. Does the leader's work until the signal aborts, and settles when all of it has stopped.
   * While it runs the lease is renewed, also after the signal. The signal's reason is a `LeadershipLostError` if it was lost.
   */
  started: (signal: AbortSignal) => Promise<void>;
  /** Called at the moment of loss, before `started` has settled. */
  lost?: (() => void) | undefined;
}

type Attempt = 'held' | 'taken' | 'failed';

/**
 * Elects one of several processes by a Lease.
 *
 * Other candidates' clocks are never trusted: a lease is free when its record did not change for a whole lease duration of our
 * monotonic clock. An election is no fence: a leader that was paused may still have a request under way when another begins, so
 * every write must be harmless if done twice.
 */
export class LeaderElector {
  readonly identity: string;
  readonly #options: LeaderElectorOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #leaseMs: number;
  readonly #deadlineMs: number;
  readonly #retryMs: number;
  #lease: Lease | undefined;
  #seen = { version: '', at: Number.NEGATIVE_INFINITY };
  #renewedAt: number | undefined;

  constructor(options: LeaderElectorOptions) {
    this.#options = options;
    this.identity = options.identity;
    this.#clock = options.clock ?? systemClock;
    this.#logger = (options.logger ?? silentLogger).child({
      lease: `${options.namespace}/${options.name}`,
      identity: options.identity,
    });
    this.#leaseMs = options.leaseDurationMs ?? 15_000;
    this.#deadlineMs = options.renewDeadlineMs ?? 10_000;
    this.#retryMs = options.retryPeriodMs ?? 2_000;
    if (!(this.#leaseMs > this.#deadlineMs && this.#deadlineMs > this.#retryMs)) {
      throw new RangeError('Needed: leaseDurationMs > renewDeadlineMs > retryPeriodMs');
    }
  }

  /** Whether we may act as leader at this very moment: the last renewal is younger than the deadline. True even before `started`. */
  isLeader(): boolean {
    return this.#renewedAt !== undefined && this.#clock.monotonic() - this.#renewedAt < this.#deadlineMs;
  }

  /** The Lease's count of changes of holder: grows with each new leader. 0 before the Lease was seen. */
  get epoch(): number {
    return this.#lease?.spec?.leaseTransitions ?? 0;
  }

  /** Who holds the Lease, as last seen. */
  get holder(): string | undefined {
    return this.#lease?.spec?.holderIdentity || undefined;
  }

  /**
   * Waits for the lease, then runs `started`. Resolves when the signal aborted, `started` has settled and the lease was released.
   * Rejects with `LeadershipLostError` after a loss, when `started` has settled. Rejects with what `started` rejects with; the
   * lease is then left to expire, since it is not known whether all work has stopped. To be run once.
   */
  async run(callbacks: LeaderCallbacks, signal: AbortSignal): Promise<void> {
    const stopObserving = observeLeadership({ name: this.#options.name }, () => (this.isLeader() ? 1 : 0));
    try {
      await this.#run(callbacks, signal);
    } finally {
      stopObserving();
    }
  }

  async #run(callbacks: LeaderCallbacks, signal: AbortSignal): Promise<void> {
    if (!(await this.#acquire(signal))) return;
    this.#logger.info('Lease acquired', { epoch: this.epoch });
    const leading = new AbortController();
    const finished = new AbortController();
    const stop = () => leading.abort(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    const renewing = this.#renew(finished.signal, () => {
      callbacks.lost?.();
      leading.abort(new LeadershipLostError());
    });
    try {
      await callbacks.started(leading.signal);
    } finally {
      signal.removeEventListener('abort', stop);
      finished.abort();
      await renewing;
    }
    if (!this.isLeader()) throw new LeadershipLostError();
    await this.#release();
  }

  async #acquire(signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted) {
      if ((await this.#attempt(this.#deadlineMs, signal)) === 'held') return true;
      await sleep(this.#retryMs * (1 + Math.random() / 5), signal, this.#clock);
    }
    return false;
  }

  async #renew(finished: AbortSignal, onLost: () => void): Promise<void> {
    while (await sleep(this.#retryMs, finished, this.#clock)) {
      const left = (this.#renewedAt ?? 0) + this.#deadlineMs - this.#clock.monotonic();
      const outcome = left > 0 ? await this.#attempt(left) : 'taken';
      if (outcome === 'held' || (outcome === 'failed' && this.isLeader())) continue;
      this.#renewedAt = undefined;
      this.#logger.error('Lease lost', { holder: this.holder });
      onLost();
      return;
    }
  }

  async #attempt(timeoutMs: number, outer?: AbortSignal): Promise<Attempt> {
    const timeout = AbortSignal.timeout(Math.max(1, Math.ceil(timeoutMs)));
    const signal = outer ? AbortSignal.any([outer, timeout]) : timeout;
    // What counts is when we asked, not when the answer came.
    const askedAt = this.#clock.monotonic();
    try {
      const lease = await this.#options.client.get(leases, this.#key(), { signal });
      if (lease) this.#observe(lease);
      if (lease && !this.#mayTake(lease)) return 'taken';
      this.#observe(await this.#write(lease, signal));
      this.#renewedAt = askedAt;
      return 'held';
    } catch (thrown) {
      if (outer?.aborted) return 'failed';
      const raced = isConflict(thrown) || isAlreadyExists(thrown);
      this.#logger[raced ? 'debug' : 'warn']('Lease was not written', { error: toError(thrown) });
      return 'failed';
    }
  }

  #observe(lease: Lease): void {
    const version = lease.metadata.resourceVersion ?? '';
    if (version !== this.#seen.version) this.#seen = { version, at: this.#clock.monotonic() };
    this.#lease = lease;
  }

  #mayTake(lease: Lease): boolean {
    const holder = lease.spec?.holderIdentity;
    if (!holder || holder === this.identity) return true;
    return this.#clock.monotonic() - this.#seen.at > this.#leaseMs;
  }

  // The resourceVersion read goes along, so of two candidates that saw the same record one is refused.
  #write(current: Lease | null, signal: AbortSignal): Promise<Lease> {
    const now = microTime(this.#clock.now());
    const ours = current?.spec?.holderIdentity === this.identity;
    const transitions = current?.spec?.leaseTransitions ?? 0;
    const spec = {
      holderIdentity: this.identity,
      leaseDurationSeconds: Math.max(1, Math.round(this.#leaseMs / 1000)),
      acquireTime: ours ? (current.spec?.acquireTime ?? now) : now,
      renewTime: now,
      leaseTransitions: ours ? transitions : transitions + 1,
    };
    const { client } = this.#options;
    if (current) return client.replace(leases, { ...current, spec }, { signal });
    return client.create(
      leases,
      { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: this.#key(), spec },
      { signal },
    );
  }

  async #release(): Promise<void> {
    this.#renewedAt = undefined;
    if (!this.#lease) return;
    const now = microTime(this.#clock.now());
    const transitions = this.#lease.spec?.leaseTransitions ?? 0;
    const spec = { leaseDurationSeconds: 1, acquireTime: now, renewTime: now, leaseTransitions: transitions };
    try {
      await this.#options.client.replace(leases, { ...this.#lease, spec }, { timeoutMs: this.#retryMs });
      this.#logger.info('Lease released');
    } catch (thrown) {
      this.#logger.warn('Lease was not released', { error: toError(thrown) });
    }
  }

  #key(): { name: string; namespace: string } {
    return { name: this.#options.name, namespace: this.#options.namespace };
  }
}
