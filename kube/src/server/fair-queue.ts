type Begin = () => void;

export interface FairQueueOptions {
  /** How many pieces of one part may be at work at a time, although slots are free. By default as many as there are slots. */
  readonly perPart?: number;
}

/**
 * Runs a limited number of pieces of work at a time. Keys, such as addresses or namespaces, take turns, so that a key with many pieces delays
 * another one by one of them, not by all. So do the parts of a key, such as the namespaces of an address.
 */
export class FairQueue {
  #free: number;
  readonly #perPart: number;
  readonly #waiting = new Map<string, Map<string, Begin[]>>();
  readonly #atWork = new Map<string, number>();

  constructor(slots: number, { perPart = slots }: FairQueueOptions = {}) {
    this.#free = slots;
    this.#perPart = perPart;
  }

  /** Resolves when it is the turn of this key, with the function that ends the turn. */
  async take(key: string, part = ''): Promise<() => void> {
    // If something waits beside a free slot, it waits for its own part.
    if (this.#free > 0 && this.#mayBegin(key, part)) this.#count(key, part, 1);
    else await new Promise<void>((resolve) => this.#wait(key, part, resolve));
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.#count(key, part, -1);
      this.#next();
    };
  }

  #wait(key: string, part: string, begin: Begin): void {
    const parts = this.#waiting.get(key) ?? new Map<string, Begin[]>();
    this.#waiting.set(key, parts);
    const own = parts.get(part);
    if (own) own.push(begin);
    else parts.set(part, [begin]);
  }

  #next(): void {
    for (const [key, parts] of this.#waiting)
      for (const [part, own] of parts) {
        if (!this.#mayBegin(key, part)) continue;
        const begin = own.shift();
        // A Map keeps the order of insertion: what is set again comes last.
        parts.delete(part);
        if (own.length > 0) parts.set(part, own);
        this.#waiting.delete(key);
        if (parts.size > 0) this.#waiting.set(key, parts);
        this.#count(key, part, 1);
        // What has arrived meanwhile is read before the next one takes the thread.
        setImmediate(() => begin?.());
        return;
      }
  }

  #mayBegin(key: string, part: string): boolean {
    return (this.#atWork.get(idOf(key, part)) ?? 0) < this.#perPart;
  }

  #count(key: string, part: string, by: 1 | -1): void {
    this.#free -= by;
    const id = idOf(key, part);
    const atWork = (this.#atWork.get(id) ?? 0) + by;
    if (atWork > 0) this.#atWork.set(id, atWork);
    else this.#atWork.delete(id);
  }
}

const idOf = (key: string, part: string): string => JSON.stringify([key, part]);
