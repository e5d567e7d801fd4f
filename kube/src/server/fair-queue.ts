import { FairOrder } from './fair-order.ts';

export interface FairQueueOptions {
  /**
   * How much of one part may be at work at a time, although there is room. By default as much as there is. A part with nothing at work may
   * begin with more.
   */
  readonly perPart?: number;
  /** A monotonic clock in milliseconds: then a turn counts its duration as well, times its amount. */
  readonly now?: () => number;
}

export interface TakeOptions {
  /** How much of the room a turn takes: 1 by default. More than there is in all never begins. */
  readonly amount?: number;
  /** Ends the wait, which then rejects with the reason of the signal. It does not end a turn. */
  readonly signal?: AbortSignal;
}

interface Waiting {
  readonly amount: number;
  readonly begin: (endTurn: () => void) => void;
  readonly leave: (reason: unknown) => void;
}

/**
 * Runs a limited amount of work at a time: by default a number of pieces. Keys, such as addresses or namespaces, share the time, and so do
 * the parts of a key, such as the namespaces of an address. Next is always the one that has had least of it lately (start-time fair
 * queueing), so that one that asks seldom is next at once, however many others always have more to do, and those take turns.
 */
export class FairQueue {
  #free: number;
  readonly #perPart: number;
  readonly #now: (() => number) | undefined;
  #waits = 0;
  readonly #waiting = new Map<string, Map<string, Waiting[]>>();
  readonly #atWork = new Map<string, Map<string, number>>();
  #keys: FairOrder;
  readonly #parts = new Map<string, FairOrder>();

  constructor(room: number, { perPart = room, now }: FairQueueOptions = {}) {
    this.#free = room;
    this.#perPart = perPart;
    this.#now = now;
    this.#keys = new FairOrder(now);
  }

  /** Resolves when it is the turn of this key, with the function that ends the turn. */
  async take(key: string, part = '', { amount = 1, signal }: TakeOptions = {}): Promise<() => void> {
    signal?.throwIfAborted();
    const endTurn = await new Promise<() => void>((resolve, reject) => {
      const abort = () => waiting.leave(signal?.reason);
      const leave = (reason: unknown) => {
        signal?.removeEventListener('abort', abort);
        this.#leave(key, part, waiting);
        this.#forget(key);
        reject(reason);
        // What waited for it may have room.
        this.#beginNext();
      };
      const begin = (end: () => void) => {
        signal?.removeEventListener('abort', abort);
        resolve(end);
      };
      const waiting: Waiting = { amount, begin, leave };
      signal?.addEventListener('abort', abort, { once: true });
      this.#wait(key, part, waiting);
      this.#beginNext();
    });
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      endTurn();
      // What has arrived meanwhile is read before the next one takes the thread.
      setImmediate(() => this.#beginNext());
    };
  }

  /** How many pieces wait. */
  get waiting(): number {
    return this.#waits;
  }

  /** Whether nothing is at work and nothing waits. */
  get isIdle(): boolean {
    return this.#atWork.size === 0 && this.#waiting.size === 0;
  }

  /**
   * Makes room among those that wait: the last one of the part of a key that has had most leaves, with a reason, if that is more than this
   * part has had. Answers whether one has left.
   */
  displace(key: string, part: string, reason: (part: string) => Error): boolean {
    const [order, parts] = [this.#parts.get(key), this.#waiting.get(key)];
    let most = part;
    for (const other of parts?.keys() ?? []) if (order?.isBefore(most, other)) most = other;
    const last = most === part ? undefined : parts?.get(most)?.at(-1);
    last?.leave(reason(most));
    return last !== undefined;
  }

  #wait(key: string, part: string, waiting: Waiting): void {
    const parts = this.#waiting.get(key) ?? new Map<string, Waiting[]>();
    this.#waiting.set(key, parts);
    this.#waits += 1;
    const own = parts.get(part);
    if (own) own.push(waiting);
    else parts.set(part, [waiting]);
  }

  #leave(key: string, part: string, waiting: Waiting): void {
    this.#waits -= 1;
    const parts = this.#waiting.get(key);
    const left = parts?.get(part)?.filter((one) => one !== waiting) ?? [];
    // A Map keeps the order of insertion: those that wait for longest come first among equals.
    if (left.length > 0) parts?.set(part, left);
    else parts?.delete(part);
    if (parts?.size === 0) this.#waiting.delete(key);
  }

  #beginNext(): void {
    while (this.#free > 0) {
      const next = this.#next();
      // The next one waits for room, and others for it: largest amounts would never begin otherwise.
      if (next === undefined || next.waiting.amount > this.#free) return;
      const { key, part, waiting } = next;
      this.#leave(key, part, waiting);
      waiting.begin(this.#begin(key, part, waiting.amount));
    }
  }

  #begin(key: string, part: string, amount: number): () => void {
    this.#count(key, part, amount);
    const ends = [this.#keys.begin(key, amount), this.#orderOf(key).begin(part, amount)];
    return () => {
      for (const end of ends) end();
      this.#count(key, part, -amount);
      this.#forget(key);
    };
  }

  #next(): { readonly key: string; readonly part: string; readonly waiting: Waiting } | undefined {
    const ready = new Map<string, string>();
    for (const [key, parts] of this.#waiting) {
      const mayBegin = [...parts].filter(([part, own]) => this.#mayBegin(key, part, own));
      const first = this.#orderOf(key).first(mayBegin.map(([part]) => part));
      if (first !== undefined) ready.set(key, first);
    }
    const key = this.#keys.first(ready.keys());
    const part = key === undefined ? undefined : ready.get(key);
    const waiting = this.#waiting.get(key ?? '')?.get(part ?? '')?.[0];
    return key === undefined || part === undefined || waiting === undefined ? undefined : { key, part, waiting };
  }

  #mayBegin(key: string, part: string, [first]: readonly Waiting[]): boolean {
    const atWork = this.#atWork.get(key)?.get(part) ?? 0;
    return atWork === 0 || atWork + (first?.amount ?? 0) <= this.#perPart;
  }

  // If nothing is at work and nothing waits, nobody competes with anybody any more.
  #forget(key: string): void {
    if (!this.#atWork.has(key) && !this.#waiting.has(key)) this.#parts.delete(key);
    if (this.isIdle) this.#keys = new FairOrder(this.#now);
  }

  #orderOf(key: string): FairOrder {
    const order = this.#parts.get(key) ?? new FairOrder(this.#now);
    this.#parts.set(key, order);
    return order;
  }

  #count(key: string, part: string, amount: number): void {
    this.#free -= amount;
    const parts = this.#atWork.get(key) ?? new Map<string, number>();
    const atWork = (parts.get(part) ?? 0) + amount;
    if (atWork > 0) parts.set(part, atWork);
    else parts.delete(part);
    if (parts.size > 0) this.#atWork.set(key, parts);
    else this.#atWork.delete(key);
  }
}
