import { splitKey } from '../types.ts';

/** How the groups of a queue's keys share its workers. */
export interface Grouping<K> {
  /** The group of a key, such as its namespace. */
  readonly groupOf: (key: K) => string;
  /** How many keys of one group may be worked on at the same time. */
  readonly perGroup: number;
}

/** Objects of one namespace are a group, and so are all that are in none. Without a bound, namespaces only take turns. */
export const byNamespace = (perGroup = Number.POSITIVE_INFINITY): Grouping<string> => ({
  groupOf: (key) => splitKey(key).namespace ?? '',
  perGroup,
});

/**
 * Keys that are ready to be worked on. Groups take turns, oldest key first within each, and a group has a bounded number of keys at work:
 * one with a thousand keys delays another group's key by one of them, and never has all workers. Without a grouping the oldest key of
 * all comes first.
 */
export class ReadyKeys<K> {
  readonly #grouping: Grouping<K>;
  /** By group; the group whose turn it is comes first. No set is empty. */
  readonly #ready = new Map<string, Set<K>>();
  readonly #working = new Map<string, number>();
  #size = 0;

  constructor(grouping: Grouping<K> = { groupOf: () => '', perGroup: Number.POSITIVE_INFINITY }) {
    this.#grouping = grouping;
  }

  get size(): number {
    return this.#size;
  }

  add(key: K): void {
    const group = this.#grouping.groupOf(key);
    const own = this.#ready.get(group) ?? new Set<K>();
    if (own.has(key)) return;
    this.#ready.set(group, own.add(key));
    this.#size += 1;
  }

  /** Takes out the key whose turn it is. Undefined when no group has both a key and room. Followed by one `release` of that key. */
  take(): { readonly key: K } | undefined {
    for (const [group, own] of this.#ready) {
      const working = this.#working.get(group) ?? 0;
      if (working >= this.#grouping.perGroup) continue;
      for (const key of own) {
        own.delete(key);
        this.#size -= 1;
        this.#working.set(group, working + 1);
        // A Map keeps the order of insertion: the group comes last now.
        this.#ready.delete(group);
        if (own.size > 0) this.#ready.set(group, own);
        return { key };
      }
    }
    return undefined;
  }

  /** Marks the work on a taken key as ended. */
  release(key: K): void {
    const group = this.#grouping.groupOf(key);
    const working = (this.#working.get(group) ?? 0) - 1;
    if (working > 0) this.#working.set(group, working);
    else this.#working.delete(group);
  }

  clear(): void {
    this.#ready.clear();
    this.#size = 0;
  }
}
