/**
 * Bounds how many workers read logs of sandboxes at a time, in total and of one namespace. A log comes from a node by the API server, and
 * either of them may take its time: the workers that are left stop what must be stopped meanwhile.
 */
export class LogTurns {
  readonly #total: number;
  readonly #perNamespace: number;
  readonly #held = new Map<string, number>();
  #used = 0;

  /** Half of the workers read logs at most. A namespace has at most half of the workers, so half of those do. */
  constructor(workers: number) {
    this.#total = Math.max(1, Math.floor(workers / 2));
    this.#perNamespace = Math.max(1, Math.floor(workers / 4));
  }

  /** Takes a turn: returns the function that ends it, or undefined if none is free. */
  tryTake(namespace: string): (() => void) | undefined {
    const held = this.#held.get(namespace) ?? 0;
    if (this.#used >= this.#total || held >= this.#perNamespace) return undefined;
    this.#change(namespace, 1);
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.#change(namespace, -1);
    };
  }

  #change(namespace: string, by: 1 | -1): void {
    this.#used += by;
    const held = (this.#held.get(namespace) ?? 0) + by;
    if (held > 0) this.#held.set(namespace, held);
    else this.#held.delete(namespace);
  }
}
