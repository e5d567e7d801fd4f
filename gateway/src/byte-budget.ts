import { Refused } from './request/refused.ts';

/** Bounds what is held in memory at a time, for all callers together and for each. */
export class ByteBudget {
  readonly #total: number;
  readonly #each: number;
  #used = 0;
  readonly #byCaller = new Map<string, number>();

  constructor(total: number, each: number) {
    this.#total = total;
    this.#each = each;
  }

  /** Takes bytes for a caller; answers with what gives them back. Throws Refused (429) when there is no room. */
  take(caller: string, bytes: number): () => void {
    const own = this.#byCaller.get(caller) ?? 0;
    if (this.#used + bytes > this.#total || own + bytes > this.#each)
      throw new Refused(429, 'TooManyRequests', 'too many large requests at a time; send them one after the other');
    this.#used += bytes;
    this.#byCaller.set(caller, own + bytes);
    let isTaken = true;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      this.#used -= bytes;
      const left = (this.#byCaller.get(caller) ?? 0) - bytes;
      if (left > 0) this.#byCaller.set(caller, left);
      else this.#byCaller.delete(caller);
    };
  }
}
