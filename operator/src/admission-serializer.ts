import { type Clock, systemClock } from '@sentinel/kube';
import { FairQueue } from '@sentinel/kube/fair-queue';
import type { Activity } from '@sentinel/policy';

/** A cache that is this far behind is not healthy any more. What was noted before that was not stored after all, or its action is gone. */
const KEPT_MS = 300_000;

/**
 * Lets one admission or start at a time be decided, and remembers those that the cache does not show yet: two actions that come at
 * the same moment must each see the other. Only the leader starts anything, and its caches are in sync before it does.
 */
export class AdmissionSerializer {
  readonly #clock: Clock;
  readonly #turns = new FairQueue(1);
  readonly #stored = new Map<string, { readonly activity: Activity; readonly at: number }>();

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /**
   * Runs `work` for an action of a namespace when no other work is under way. Namespaces take turns, so that one with many actions
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

  /** Remembers what was just stored of an action, or may have been: that it was admitted, or that its run was begun. */
  note(activity: Activity): void {
    this.#stored.set(activity.uid, { activity, at: this.#clock.monotonic() });
  }

  /** What is going on: as the cache shows it, and what was stored since. */
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

  /** How many are remembered. */
  get size(): number {
    return this.#stored.size;
  }
}

// Each edit is an attempt more, and begins with an earlier phase.
function isBehind(one: Activity, stored: Activity): boolean {
  if (one.attempts !== stored.attempts) return one.attempts < stored.attempts;
  return order.indexOf(one.phase) < order.indexOf(stored.phase);
}

const order: readonly Activity['phase'][] = ['Filed', 'Rehearsing', 'Waiting', 'Queued', 'Running', 'Unresolved', 'Ended'];
