import { type KubeObject, keyOf } from '../types.ts';
import type { Informer } from './informer.ts';

/** What is added up for each object, by name: its size, or 1 for each object of a kind. */
export type Amounts<K extends string> = Readonly<Partial<Record<K, number>>>;
/** Sums of amounts. What was never added is 0. */
export type Sums<K extends string> = Readonly<Record<K, number>>;

interface Total<K extends string> {
  objects: number;
  readonly sums: Record<K, number>;
}

/**
 * Running sums of what the objects of informers have, for each namespace and for all: an answer costs the same, however many objects there
 * are. They follow the changes that informers report, so they are as fresh as the stores. Amounts must be whole numbers: sums of others
 * would drift.
 */
export class NamespaceSums<K extends string> {
  readonly #names: readonly K[];
  readonly #all: Total<K>;
  readonly #byNamespace = new Map<string, Total<K>>();

  constructor(names: readonly K[]) {
    this.#names = names;
    this.#all = this.#nothing();
  }

  /** Adds up the objects of an informer, from those that it holds now on. To be called once for each informer. */
  follow<T extends KubeObject>(informer: Pick<Informer<T>, 'onChange'>, amountsOf: (object: T) => Amounts<K>): void {
    // The object of a delete is its last state, which may have other amounts than what was added.
    const added = new Map<string, Amounts<K>>();
    informer.onChange(({ type, object }) => {
      const [key, namespace] = [keyOf(object), object.metadata.namespace ?? ''];
      const [before, now] = [added.get(key), type === 'delete' ? undefined : amountsOf(object)];
      if (before) this.#change(namespace, before, -1);
      if (now) this.#change(namespace, now, 1);
      if (now) added.set(key, now);
      else added.delete(key);
    });
  }

  /** The sums of a namespace. */
  of(namespace: string): Sums<K> {
    return { ...(this.#byNamespace.get(namespace) ?? this.#nothing()).sums };
  }

  /** The sums of all namespaces. */
  get all(): Sums<K> {
    return { ...this.#all.sums };
  }

  /** How many namespaces have objects, if these ones had some as well. */
  namespacesWith(others: Iterable<string>): number {
    const more = [...new Set(others)].filter((namespace) => !this.#byNamespace.has(namespace));
    return this.#byNamespace.size + more.length;
  }

  #change(namespace: string, amounts: Amounts<K>, by: 1 | -1): void {
    const own = this.#byNamespace.get(namespace) ?? this.#nothing();
    for (const total of [own, this.#all]) {
      total.objects += by;
      for (const name of this.#names) total.sums[name] += by * (amounts[name] ?? 0);
    }
    if (own.objects > 0) this.#byNamespace.set(namespace, own);
    else this.#byNamespace.delete(namespace);
  }

  #nothing(): Total<K> {
    return { objects: 0, sums: Object.fromEntries(this.#names.map((name) => [name, 0])) as Record<K, number> };
  }
}
