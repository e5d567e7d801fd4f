import { forbidden } from '../request/refused.ts';
import { FairBudget } from '../serve/fair-budget.ts';

/** What all rehearsals of this replica keep. A replica may have 512 MiB, for everything. */
const shared = new FairBudget(96 * 1024 * 1024, 'objects of rehearsals are kept');
/** What one rehearsal keeps: objects that later reads show, and the effects of the plan. */
const MOST = 24 * 1024 * 1024;

/** Counts the bytes that one rehearsal keeps in memory until its plan is written, against what its namespace and all may keep. */
export class RehearsalMemory {
  readonly #namespace: string;
  readonly #budget: FairBudget;
  readonly #held = new Set<() => void>();
  #bytes = 0;

  constructor(namespace: string, budget = shared) {
    this.#namespace = namespace;
    this.#budget = budget;
  }

  /** Takes bytes; answers with what gives them back. Throws Refused: 403 for what one rehearsal may not keep, 429 for what all may not. */
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

  /** Gives everything back: the plan is written, or nobody will ask for it any more. */
  release(): void {
    for (const release of this.#held) release();
  }
}
