/** How many names are remembered. Anyone who reaches a port can make up names; one that is forgotten has had nothing. */
const NAMES_MAX = 4_096;

interface Turns {
  /** When the last turn of a name ends, without what those that run have taken so far. */
  end: number;
  /** The amounts of the turns that run, and the sum of their amounts times their starts: both together say what they have taken so far. */
  running: number;
  since: number;
}

/**
 * The order of start-time fair queueing (Goyal, Vin and Cheng, 1996). Time is virtual: a turn begins when the one before it of the same name
 * has ended, and no sooner than the last turn that began of any name. So a name that asked for nothing is before those that did, and has no
 * claim for the time in which it did not ask.
 */
export class FairOrder {
  readonly #now: () => number;
  /** When the last turn began. */
  #time = 0;
  /** Those whose turns ended before #time are as good as new, and forgotten. */
  readonly #turns = new Map<string, Turns>();

  /** What a turn counts is its amount, and its amount times its duration by this clock. */
  constructor(now: () => number = () => 0) {
    this.#now = now;
  }

  /** Whether one name is before another. Neither is where both have had the same. */
  isBefore(name: string, other: string): boolean {
    return this.#endOf(name) < this.#endOf(other);
  }

  /** Whose turn is next: the first of those that have had least. */
  first(names: Iterable<string>): string | undefined {
    let [found, end] = [undefined as string | undefined, Number.POSITIVE_INFINITY];
    for (const name of names) {
      const other = this.#endOf(name);
      if (found === undefined || other < end) [found, end] = [name, other];
    }
    return found;
  }

  /** Begins a turn. Returns the function that ends it, once. */
  begin(name: string, amount: number): () => void {
    const [now, start] = [this.#now(), Math.max(this.#time, this.#endOf(name))];
    if (start > this.#time) this.#passTo(start);
    if (this.#turns.size >= NAMES_MAX) this.#turns.clear();
    const turns = this.#turns.get(name) ?? { end: 0, running: 0, since: 0 };
    this.#turns.set(name, turns);
    turns.end = start + amount - taken(turns, now);
    turns.running += amount;
    turns.since += amount * now;
    return () => {
      turns.end += amount * (this.#now() - now);
      turns.running -= amount;
      turns.since -= amount * now;
    };
  }

  #passTo(time: number): void {
    this.#time = time;
    for (const [name, { running }] of this.#turns) if (running === 0 && this.#endOf(name) < time) this.#turns.delete(name);
  }

  #endOf(name: string): number {
    const turns = this.#turns.get(name);
    return turns === undefined ? Number.NEGATIVE_INFINITY : turns.end + taken(turns, this.#now());
  }
}

const taken = ({ running, since }: Turns, now: number): number => running * now - since;
