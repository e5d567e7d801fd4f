import { type Clock, sleep, systemClock } from '@sentinel/kube';
import { Serializer } from '../enforce/serializer.ts';

/** From this size on, parsing and comparing a body blocks the only thread of the gateway noticeably. */
const LARGE = 64 * 1024;
/**
 * The part of the time that large requests of one namespace may take at a replica while others need the gateway and the API server. Such a
 * request can keep the API server busy for seconds, and the replicas do not share this count: two of them let through twice as much.
 */
const PART = 1 / 8;
/** The burst of a namespace before it must pause, in milliseconds. */
const BURST_MS = 1_000;
/** The maximum charge for one request, because its duration also depends on the load by others. */
const COUNTED_MS = 1_000;

interface Own {
  readonly turns: Serializer;
  waiting: number;
  /** The used time that is not regained yet, in milliseconds, and when that was computed. */
  taken: number;
  at: number;
}

/**
 * Lets each namespace have one large request in progress at a time, and an eighth of the time for large requests while other namespaces have
 * sandboxes, so that requests of other tenants are seldom delayed by them, on the gateway's thread or in the API server. A single tenant is
 * never delayed. The number of waiting requests is bounded by the bytes that they hold.
 */
export class LargeRequestLimiter {
  readonly #isShared: (namespace: string) => boolean;
  readonly #clock: Clock;
  readonly #byNamespace = new Map<string, Own>();

  /** `isShared` says whether others than this namespace have sandboxes now. */
  constructor(isShared: (namespace: string) => boolean, clock: Clock = systemClock) {
    this.#isShared = isShared;
    this.#clock = clock;
  }

  /** Runs `work` at once for a small request, and in the turn of its namespace for a large one. Throws what the signal aborts with. */
  async take<T>(namespace: string, bytes: number, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (bytes < LARGE) return await work();
    this.#forgetRested();
    const own = this.#byNamespace.get(namespace) ?? {
      turns: new Serializer(),
      waiting: 0,
      taken: 0,
      at: this.#clock.monotonic(),
    };
    this.#byNamespace.set(namespace, own);
    own.waiting += 1;
    try {
      return await own.turns.take(async () => {
        const rest = this.#isShared(namespace) ? this.#restOf(own) : 0;
        if (rest > 0) await sleep(rest, signal, this.#clock);
        signal?.throwIfAborted();
        const start = this.#clock.monotonic();
        try {
          return await work();
        } finally {
          this.#earn(own);
          own.taken += Math.min(this.#clock.monotonic() - start, COUNTED_MS);
        }
      });
    } finally {
      own.waiting -= 1;
    }
  }

  // The time until the usage above the burst is regained.
  #restOf(own: Own): number {
    this.#earn(own);
    return Math.max(0, (own.taken - BURST_MS) / PART);
  }

  #earn(own: Own): void {
    const now = this.#clock.monotonic();
    own.taken = Math.max(0, own.taken - (now - own.at) * PART);
    own.at = now;
  }

  #forgetRested(): void {
    for (const [namespace, own] of this.#byNamespace) {
      this.#earn(own);
      if (own.waiting === 0 && own.taken === 0) this.#byNamespace.delete(namespace);
    }
  }
}
