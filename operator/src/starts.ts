import type { Activity } from '@sentinel/policy';

/**
 * Lets one start at a time be decided, and remembers those that the cache does not show yet: two actions that are approved at the
 * same moment must each see the other. Only the leader starts anything, and its caches are in sync before it does.
 */
export class Starts {
  #last: Promise<unknown> = Promise.resolve();
  readonly #begun = new Map<string, Activity>();

  /** Runs `work` when all work before it has settled. */
  async exclusive<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work, work);
    this.#last = turn.catch(() => {});
    return await turn;
  }

  /** Remembers that a run was begun. */
  note(activity: Activity): void {
    this.#begun.set(activity.uid, { ...activity, phase: 'Running' });
  }

  /** What is going on: as the cache shows it, and what was begun since. */
  overlay(cached: readonly Activity[]): Activity[] {
    return cached.map((one) => {
      const begun = this.#begun.get(one.uid);
      if (!begun) return one;
      if (one.phase === 'Waiting' || one.phase === 'Queued' || one.phase === 'Early') return begun;
      // The cache has caught up.
      this.#begun.delete(one.uid);
      return one;
    });
  }
}
