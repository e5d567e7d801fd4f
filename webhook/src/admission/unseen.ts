/** After this, what was admitted and is not seen was refused by somebody else. */
const UNSEEN_MS = 10_000;

/** An object that was admitted, and that no cache shows yet. */
export interface Unseen {
  readonly namespace: string;
  /** The name, or the prefix of one that the API server generates. */
  readonly name: string;
  readonly isPrefix: boolean;
  readonly bytes: number;
  /** Where the request came from. */
  readonly address: string;
}

/**
 * What was just admitted and counts until the cache shows it, for the address that asked: who is not the API server must not use up what its
 * callers have.
 */
export class UnseenAdmissions<T extends Unseen> {
  readonly #now: () => number;
  #all: { readonly one: T; readonly until: number }[] = [];

  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * Counts an object from now on. Of several requests for one object, which `isOne` tells apart from others with its name, the largest
   * counts: one of them is stored in the end.
   */
  add(one: T, isOne: (other: T) => boolean = () => true): void {
    const isSame = (other: T) =>
      !one.isPrefix && !other.isPrefix && isOne(other) && placeOf(other) === placeOf(one) && other.address === one.address;
    const before = this.#all.find((entry) => isSame(entry.one));
    this.#all = this.#all.filter((entry) => entry !== before);
    const counted = before && before.one.bytes > one.bytes ? before.one : one;
    this.#all.push({ one: counted, until: this.#now() + UNSEEN_MS });
  }

  /** What counts for an address. */
  of(address: string): T[] {
    const now = this.#now();
    this.#all = this.#all.filter(({ until }) => until > now);
    return this.#all.map(({ one }) => one).filter((one) => one.address === address);
  }

  /** The cache shows an object, or it was refused (then for one address): it is not counted any more. */
  see(namespace: string, name: string, isOne: (one: T) => boolean = () => true): void {
    const shown = this.#all.filter(
      ({ one }) => one.namespace === namespace && isOne(one) && (one.isPrefix ? name.startsWith(one.name) : name === one.name),
    );
    // What only looks like a request of the API server does not stand for one: each address has its own.
    for (const address of new Set(shown.map(({ one }) => one.address))) {
      const first = this.#all.findIndex((entry) => entry.one.address === address && shown.includes(entry));
      this.#all.splice(first, 1);
    }
  }
}

const placeOf = ({ namespace, name }: Unseen) => `${namespace}/${name}`;

/** The name of an object of a request, or the prefix of the one that it gets. */
export function nameOf({
  name,
  generateName = '',
}: {
  readonly name?: string | undefined;
  readonly generateName?: string | undefined;
} = {}): {
  readonly name: string;
  readonly isPrefix: boolean;
} {
  return { name: name ?? generateName, isPrefix: name === undefined };
}
