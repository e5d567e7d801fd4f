/**
 * Who asks. Rehearsals leave a part for real runs, and both leave a part for the operator: somebody may file rehearsals without an end,
 * and what people have approved, and the end of an action, must not wait for them.
 */
export type ShareClass = 'rehearsal' | 'run' | 'operator';

/** The part of the whole that a class leaves free for those above it. */
const RESERVED: Readonly<Record<ShareClass, number>> = { rehearsal: 1 / 4, run: 1 / 8, operator: 0 };
/** The part of what a class may fill that only those may take who hold next to nothing, and how much of it each. */
const ENTRY = 1 / 8;
const ENTRY_EACH = 1 / 4;

/** What is held of something shared, and who wants more of it. */
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
 * Whether a taker may have an amount of something shared. Max-min fair: each of n takers has its n-th part for sure, and may borrow what
 * nobody uses, as long as it leaves as much as it has. What is borrowed comes back when its holder gives it back, which nobody can be
 * made to do; so a small part is kept for those who have nothing yet, and whoever comes next begins at once.
 */
export function fitsShare(share: ShareClass, { total, others, used, own, takers, amount }: ShareDemand): boolean {
  const room = total * (1 - RESERVED[share]) - others;
  const entry = room * ENTRY;
  const [mine, all] = [own + amount, used + amount];
  if (all > room) return false;
  if (mine <= entry * ENTRY_EACH || (own === 0 && amount <= entry)) return true;
  const shared = room - entry;
  // One more may come at any time, so nobody is alone.
  return all <= shared && mine <= Math.max(shared / Math.max(takers, 2), shared - all);
}

/** How long somebody who was refused counts as waiting: they are told to try again after one second. */
const WAITING_MS = 5_000;

/** What one class holds: in all, by taker, and until when who holds nothing counts as waiting. */
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
   * Takes an amount for somebody. One part of a taker, such as a run of a namespace, may hold less. Answers with what gives it back,
   * once; undefined when there is no room.
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

  // The oldest come first, for whoever waits on is set anew.
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
