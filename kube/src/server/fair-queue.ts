/**
 * Runs a limited number of pieces of work at a time. Keys, such as addresses or namespaces, take turns, so that a key with many pieces delays
 * another one by one of them, not by all.
 */
export class FairQueue {
  #free: number;
  readonly #waiting = new Map<string, (() => void)[]>();

  constructor(slots: number) {
    this.#free = slots;
  }

  /** Resolves when it is the turn of this key, with the function that ends the turn. */
  async take(key: string): Promise<() => void> {
    if (this.#free > 0) this.#free -= 1;
    else
      await new Promise<void>((resolve) => {
        const own = this.#waiting.get(key);
        if (own) own.push(resolve);
        else this.#waiting.set(key, [resolve]);
      });
    let isOver = false;
    return () => {
      if (!isOver) this.#next();
      isOver = true;
    };
  }

  #next(): void {
    const [first] = this.#waiting;
    if (first === undefined) {
      this.#free += 1;
      return;
    }
    const [key, own] = first;
    const begin = own.shift();
    // A Map keeps the order of insertion: what is set again comes last.
    this.#waiting.delete(key);
    if (own.length > 0) this.#waiting.set(key, own);
    // What has arrived meanwhile is read before the next one takes the thread.
    setImmediate(() => begin?.());
  }
}
