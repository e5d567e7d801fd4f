import { type Clock, systemClock } from '@sentinel/kube';
import { FairQueue } from '@sentinel/kube/fair-queue';
import type { Activity } from '@sentinel/policy';

/** A cache that lags by more than this is not healthy. Older notes were never stored, or their action is gone. */
const KEPT_MS = 300_000;

/**
 * Serializes decisions about admissions and starts, and remembers those that the cache does not show yet: two actions at the same moment
 * must each take the other into account. Only the leader starts anything, and its caches are in sync before it does.
 */
export class AdmissionSerializer {
  readonly #clock: Clock;
  readonly #turns = new FairQueue(1);
  readonly #stored = new Map<string, { readonly activity: Activity; readonly at: number }>();

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /**
   * Runs `work` for an action of a namespace when no other work is in progress. Namespaces take turns, so that one with many actions
   * delays another by one of them.
   */
  async exclusive<T>(namespace: string, work: () => Promise<T>): Promise<T> {
    const endTurn = await this.#turns.take(namespace);
    try {
      return await work();
    } finally {
      endTurn();
    }
  }

  /** Remembers what was, or may have been, just stored for an action: its admission or the start of its run. */
  note(activity: Activity): void {
    this.#stored.set(activity.uid, { activity, at: this.#clock.monotonic() });
  }

  /** The current activity: from the cache, with what was stored since. */
  overlay(cached: readonly Activity[]): Activity[] {
    const now = this.#clock.monotonic();
    for (const [uid, { at }] of this.#stored) if (now - at > KEPT_MS) this.#stored.delete(uid);
    return cached.map((one) => {
      const stored = this.#stored.get(one.uid)?.activity;
      if (!stored) return one;
      if (isBehind(one, stored)) return stored;
      // The cache has caught up.
      this.#stored.delete(one.uid);
      return one;
    });
  }

  /** The number of remembered entries. */
  get size(): number {
    return this.#stored.size;
  }
}

// Each edit is another attempt, and begins with an earlier phase.
function isBehind(one: Activity, stored: Activity): boolean {
  if (one.attempts !== stored.attempts) return one.attempts < stored.attempts;
  return order.indexOf(one.phase) < order.indexOf(stored.phase);
}

const order: readonly Activity['phase'][] = ['Filed', 'Rehearsing', 'Waiting', 'Queued', 'Running', 'Unresolved', 'Ended'];
