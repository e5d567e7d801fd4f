import { type KubeObject, keyOf } from '../types.ts';

/** One change of a store. `old` is the object before an update. */
export type Delta<T extends KubeObject> =
  | { type: 'add'; object: T; old?: undefined }
  | { type: 'update'; object: T; old: T }
  | { type: 'delete'; object: T; old?: undefined };

/** Values under which an object is found by `byIndex`. */
export type Indexer<T extends KubeObject> = (object: T) => readonly string[];

/** The read-only view of a cache. All objects are deeply frozen and shared: copy before changing. May lag behind the server. */
export interface Store<T extends KubeObject> {
  /** By `namespace/name`, or `name` for cluster-scoped kinds. */
  get(key: string): T | undefined;
  list(): T[];
  /** The objects an indexer gave this value for. Throws if there is no such index. */
  byIndex(name: string, value: string): T[];
  readonly size: number;
}

/** A store that can be changed, one object at a time or all at once. */
export class MutableStore<T extends KubeObject> implements Store<T> {
  readonly #indexers: Readonly<Record<string, Indexer<T>>>;
  #objects = new Map<string, T>();
  #indexes = new Map<string, Map<string, Set<string>>>();

  constructor(indexers: Readonly<Record<string, Indexer<T>>> = {}) {
    this.#indexers = indexers;
    for (const name of Object.keys(indexers)) this.#indexes.set(name, new Map());
  }

  get size(): number {
    return this.#objects.size;
  }

  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  list(): T[] {
    return [...this.#objects.values()];
  }

  byIndex(name: string, value: string): T[] {
    const index = this.#indexes.get(name);
    if (!index) throw new Error(`No such index: ${name}`);
    return [...(index.get(value) ?? [])].flatMap((key) => this.#objects.get(key) ?? []);
  }

  /** Stores an object. A recreated one (another uid) is a delete of the old one, then an add. An unchanged object causes no delta. */
  upsert(object: T): Delta<T>[] {
    const key = keyOf(object);
    const old = this.#objects.get(key);
    if (old) this.#unindex(key, old);
    this.#objects.set(key, object);
    this.#index(key, object);
    return deltasBetween(old, object);
  }

  /** Removes an object; `last` is its final state. A stored object with another uid is kept. */
  remove(last: T): Delta<T>[] {
    const key = keyOf(last);
    const old = this.#objects.get(key);
    if (!old || old.metadata.uid !== last.metadata.uid) return [];
    this.#unindex(key, old);
    this.#objects.delete(key);
    return [{ type: 'delete', object: last }];
  }

  /** Replaces the content of the store in one step: no reader sees a part of it. */
  replaceAll(objects: readonly T[]): Delta<T>[] {
    const before = this.#objects;
    this.#objects = new Map(objects.map((object) => [keyOf(object), object]));
    for (const name of this.#indexes.keys()) this.#indexes.set(name, new Map());
    for (const [key, object] of this.#objects) this.#index(key, object);
    const gone = [...before].filter(([key]) => !this.#objects.has(key));
    const deletes: Delta<T>[] = gone.map(([, object]) => ({ type: 'delete', object }));
    return [...deletes, ...objects.flatMap((object) => deltasBetween(before.get(keyOf(object)), object))];
  }

  #index(key: string, object: T): void {
    for (const [name, values] of this.#valuesOf(object)) {
      const index = this.#indexes.get(name);
      for (const value of values) {
        const keys = index?.get(value) ?? new Set();
        index?.set(value, keys.add(key));
      }
    }
  }

  #unindex(key: string, object: T): void {
    for (const [name, values] of this.#valuesOf(object)) {
      const index = this.#indexes.get(name);
      for (const value of values) {
        const keys = index?.get(value);
        keys?.delete(key);
        if (keys?.size === 0) index?.delete(value);
      }
    }
  }

  #valuesOf(object: T): [string, readonly string[]][] {
    return Object.entries(this.#indexers).map(([name, indexer]) => [name, safely(indexer, object)]);
  }
}

// An indexer that throws on an odd object must not stop the cache: that object is then not found by the index.
function safely<T extends KubeObject>(indexer: Indexer<T>, object: T): readonly string[] {
  try {
    return indexer(object);
  } catch {
    return [];
  }
}

function deltasBetween<T extends KubeObject>(old: T | undefined, object: T): Delta<T>[] {
  if (!old) return [{ type: 'add', object }];
  if (old.metadata.uid !== object.metadata.uid) {
    return [
      { type: 'delete', object: old },
      { type: 'add', object },
    ];
  }
  const { resourceVersion } = object.metadata;
  if (resourceVersion !== undefined && resourceVersion === old.metadata.resourceVersion) return [];
  return [{ type: 'update', object, old }];
}
