import { type Clock, sleep, systemClock } from '@sentinel/kube';
import { Turns } from '../enforce/turns.ts';

/** From this size on, reading and comparing a body takes the one thread of the gateway for more than a moment. */
const LARGE = 64 * 1024;
/** The part of the time that large requests of one namespace may take while others need the gateway and the API server. */
const PART = 1 / 4;
/** What a namespace may take at once before it has to rest, in milliseconds. */
const BURST_MS = 1_000;
/** What one request counts at most: how long it takes also says how much others ask of the machine. */
const COUNTED_MS = 1_000;

interface Own {
  readonly turns: Turns;
  waiting: number;
  /** What it has taken of its part and not yet earned again, in milliseconds, and when that was reckoned. */
  taken: number;
  at: number;
}

/**
 * Lets each namespace have one large request at work at a time, and a quarter of the time for them while other namespaces have sandboxes:
 * however many it sends, another tenant's request seldom meets one of them, on the gateway's thread or in the API server. Alone, nobody
 * rests. How many wait is bounded by the bytes that they hold.
 */
export class LargeTurns {
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
    const own = this.#byNamespace.get(namespace) ?? { turns: new Turns(), waiting: 0, taken: 0, at: this.#clock.monotonic() };
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

  // How long until what was taken beyond the burst is earned again.
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
