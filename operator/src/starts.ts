import type { Activity } from '@sentinel/policy';

/**
 * Lets one admission or start at a time be decided, and remembers those that the cache does not show yet: two actions that come at
 * the same moment must each see the other. Only the leader starts anything, and its caches are in sync before it does.
 */
export class Starts {
  #last: Promise<unknown> = Promise.resolve();
  readonly #stored = new Map<string, Activity>();

  /** Runs `work` when all work before it has settled. */
  async exclusive<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work, work);
    this.#last = turn.catch(() => {});
    return await turn;
  }

  /** Remembers what was just stored of an action: that it was admitted, or that its run was begun. */
  note(activity: Activity): void {
    this.#stored.set(activity.uid, activity);
  }

  /** What is going on: as the cache shows it, and what was stored since. */
  overlay(cached: readonly Activity[]): Activity[] {
    return cached.map((one) => {
      const stored = this.#stored.get(one.uid);
      if (!stored) return one;
      if (isBehind(one, stored)) return stored;
      // The cache has caught up.
      this.#stored.delete(one.uid);
      return one;
    });
  }
}

// Each edit is an attempt more, and begins with an earlier phase.
function isBehind(one: Activity, stored: Activity): boolean {
  if (one.attempts !== stored.attempts) return one.attempts < stored.attempts;
  return order.indexOf(one.phase) < order.indexOf(stored.phase);
}

const order: readonly Activity['phase'][] = ['Filed', 'Rehearsing', 'Waiting', 'Queued', 'Running', 'Ended'];
