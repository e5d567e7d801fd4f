/**
 * The classes of takers. Rehearsals leave a part for real runs, and both leave a part for the operator: an unlimited number of rehearsals can be
 * created, and approved runs and the end of actions must not wait for them.
 */
export type ShareClass = 'rehearsal' | 'run' | 'operator';

/** The fraction that a class leaves free for higher classes. */
const RESERVED: Readonly<Record<ShareClass, number>> = { rehearsal: 1 / 4, run: 1 / 8, operator: 0 };
/** The fraction of a class that is reserved for takers that hold almost nothing, and the maximum for each of them. */
const ENTRY = 1 / 8;
const ENTRY_EACH = 1 / 4;

/** The usage of a shared resource, and the taker that wants more. */
export interface ShareDemand {
  readonly total: number;
  /** What other classes hold. */
  readonly others: number;
  /** What the class of the taker holds, the taker included. */
  readonly used: number;
  /** What the taker holds. */
  readonly own: number;
  /** How many of the class hold something or wait for it, the taker included. */
  readonly takers: number;
  readonly amount: number;
}

/**
 * Whether a taker may have an amount of a shared resource. Max-min fair: each of n takers is guaranteed one n-th, and may borrow unused
 * amounts, as long as it leaves as much free as it holds. A borrowed amount returns only when its holder releases it, and no holder can be
 * forced to; so a small part is reserved for takers that hold nothing, and a new taker can begin at once.
 */
export function fitsShare(share: ShareClass, { total, others, used, own, takers, amount }: ShareDemand): boolean {
  const room = total * (1 - RESERVED[share]) - others;
  const entry = room * ENTRY;
  const [mine, all] = [own + amount, used + amount];
  if (all > room) return false;
  if (mine <= entry * ENTRY_EACH || (own === 0 && amount <= entry)) return true;
  const shared = room - entry;
  // Another taker may arrive at any time, so one more is assumed.
  return all <= shared && mine <= Math.max(shared / Math.max(takers, 2), shared - all);
}

/** How long somebody who was refused counts as waiting: they are told to try again after one second. */
const WAITING_MS = 5_000;

/** The usage of one class: in total, by taker, and until when a taker without usage counts as waiting. */
interface Holdings {
  used: number;
  readonly held: Map<string, number>;
  readonly waiting: Map<string, number>;
}

/** Shares a fixed amount of something that a process has, such as bytes of memory, between takers, by `fitsShare`. */
export class FairShare {
  readonly #total: number;
  readonly #now: () => number;
  #used = 0;
  readonly #classes = new Map<ShareClass, Holdings>();
  readonly #parts = new Map<string, number>();

  constructor(total: number, now: () => number = () => performance.now()) {
    this.#total = total;
    this.#now = now;
  }

  /**
   * Reserves an amount for a taker. A part of a taker, such as a run of a namespace, may have a lower limit. Returns the function that releases it,
   * once; undefined if the amount is not available.
   */
  tryTake(
    taker: string,
    amount: number,
    {
      share = 'operator',
      part,
    }: { readonly share?: ShareClass; readonly part?: { readonly key: string; readonly most: number } } = {},
  ): (() => void) | undefined {
    const own = this.#classOf(share);
    const held = own.held.get(taker) ?? 0;
    this.#forgetWaiting(own.waiting);
    const isCounted = own.held.has(taker) || own.waiting.has(taker);
    const takers = own.held.size + own.waiting.size + (isCounted ? 0 : 1);
    const demand = { total: this.#total, others: this.#used - own.used, used: own.used, own: held, takers, amount };
    if (part !== undefined && (this.#parts.get(part.key) ?? 0) + amount > part.most) return undefined;
    if (!fitsShare(share, demand)) {
      own.waiting.delete(taker);
      if (!own.held.has(taker)) own.waiting.set(taker, this.#now() + WAITING_MS);
      return undefined;
    }
    own.waiting.delete(taker);
    const change = (by: number) => {
      this.#used += by;
      own.used += by;
      add(own.held, taker, by);
      if (part !== undefined) add(this.#parts, part.key, by);
    };
    change(amount);
    let isTaken = true;
    return () => {
      if (isTaken) change(-amount);
      isTaken = false;
    };
  }

  /** What is held now, by all. */
  get used(): number {
    return this.#used;
  }

  #classOf(share: ShareClass) {
    const found: Holdings = this.#classes.get(share) ?? { used: 0, held: new Map(), waiting: new Map() };
    this.#classes.set(share, found);
    return found;
  }

  // The oldest entries come first, because the entry of a taker that keeps waiting is removed and added again.
  #forgetWaiting(waiting: Map<string, number>): void {
    const now = this.#now();
    for (const [taker, until] of waiting) {
      if (until > now) return;
      waiting.delete(taker);
    }
  }
}

function add(amounts: Map<string, number>, key: string, amount: number): void {
  const sum = (amounts.get(key) ?? 0) + amount;
  if (sum > 0) amounts.set(key, sum);
  else amounts.delete(key);
}
