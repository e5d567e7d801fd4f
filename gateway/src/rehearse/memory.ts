import { forbidden } from '../request/refused.ts';
import { FairBudget } from '../serve/fair-budget.ts';

/** The memory for all rehearsals of this replica, which has 512 MiB in total. */
const shared = new FairBudget(96 * 1024 * 1024, 'objects of rehearsals are kept');
/** The memory for one rehearsal: objects for later reads, and the effects of the plan. */
const MOST = 24 * 1024 * 1024;

/** Counts the memory of one rehearsal until its plan is stored, with limits per namespace and in total. */
export class RehearsalMemory {
  readonly #namespace: string;
  readonly #budget: FairBudget;
  readonly #held = new Set<() => void>();
  #bytes = 0;

  constructor(namespace: string, budget = shared) {
    this.#namespace = namespace;
    this.#budget = budget;
  }

  /** Reserves bytes; returns the function that releases them. Throws Refused: 403 above the limit of one rehearsal, 429 above that of all. */
  take(bytes: number): () => void {
    if (this.#bytes + bytes > MOST)
      throw forbidden('RehearsalTooLarge', 'the objects of this rehearsal are too large together: split the work');
    const giveBack = this.#budget.take(this.#namespace, bytes);
    this.#bytes += bytes;
    const release = () => {
      if (!this.#held.delete(release)) return;
      this.#bytes -= bytes;
      giveBack();
    };
    this.#held.add(release);
    return release;
  }

  /** Releases everything: the plan is stored, or will not be requested any more. */
  release(): void {
    for (const release of this.#held) release();
  }
}
