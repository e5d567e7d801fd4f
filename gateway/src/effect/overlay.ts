import type { ParsedRequest } from '../request/parse.ts';
import { applyChanges, type Change, changesBetween, identified, valueAt } from './change.ts';

/** Reserves memory; returns the function that releases it. */
export type Take = (bytes: number) => () => void;

interface Kept {
  /** Stored as text: a parsed object takes much more memory, of unknown size. */
  readonly text: Buffer;
  readonly giveBack: () => void;
}

/** The rehearsed state of the objects that a rehearsal wrote, for later reads. `null` is a deleted object. */
export class Overlay {
  readonly #objects = new Map<string, Kept>();
  readonly #take: Take;

  constructor(take: Take = () => () => {}) {
    this.#take = take;
  }

  /** The rehearsed object; undefined when the rehearsal has not touched it, null when it deleted it. */
  get(request: ParsedRequest): unknown {
    return this.#read(keyOf(request));
  }

  /** The same of any object, by its resource and name. */
  of(object: { apiGroup: string; resource: string; namespace: string | undefined; name: string }): unknown {
    return this.#read(keyFor(object.apiGroup, object.resource, object.namespace, object.name));
  }

  /** Whether an object of this resource was written: lists and watches still show the live state. */
  touches(request: ParsedRequest): boolean {
    const prefix = `${request.api.apiGroup}/${request.base}/`;
    return [...this.#objects.keys()].some((key) => key.startsWith(prefix));
  }

  /** Stores the state of an object. Throws Refused if it does not fit. */
  put(request: ParsedRequest, name: string, object: unknown): void {
    this.#keep(keyOf(request, name), object);
  }

  /** Applies changes to the rehearsed object, or to `live` for the first write to it. */
  change(request: ParsedRequest, live: unknown, changes: readonly Change[]): unknown {
    const key = keyOf(request);
    const next = applyChanges(this.#read(key) ?? live, changes);
    this.#keep(key, next);
    return next;
  }

  #read(key: string): unknown {
    const kept = this.#objects.get(key);
    return kept && JSON.parse(kept.text.toString('utf8'));
  }

  #keep(key: string, object: unknown): void {
    const text = Buffer.from(JSON.stringify(object ?? null));
    const giveBack = this.#take(text.length);
    this.#objects.get(key)?.giveBack();
    this.#objects.set(key, { text, giveBack });
  }
}

/**
 * A change relative to the rehearsed state. Each dry-run is relative to the live object and so repeats earlier writes of the rehearsal; in the
 * real run those have happened, and the change starts from them, with the same granularity. A request that merges adds to a map of an
 * earlier write; any other request replaces it. Marks of volatile values and of an apply are lost: `asRequested` sets them again.
 */
export function relativeTo(rehearsed: unknown, changes: readonly Change[], merges: boolean): Change[] {
  if (rehearsed === undefined || rehearsed === null) return [...changes];
  const relative = changes.flatMap(({ path, before, after }) => {
    const here = valueAt(rehearsed, path);
    const found = changesBetween(here, after, path);
    // A field that the live object does not have comes from this request; a field that the rehearsal added before is not removed by it.
    return merges && before === undefined && isMap(here) && isMap(after) ? found.filter((one) => one.after !== undefined) : found;
  });
  return identified(relative, rehearsed);
}

const isMap = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);

const keyOf = (request: ParsedRequest, name = request.api.name ?? ''): string =>
  keyFor(request.api.apiGroup, request.base, request.api.namespace, name);

const keyFor = (apiGroup: string, resource: string, namespace: string | undefined, name: string): string =>
  `${apiGroup}/${resource}/${namespace ?? ''}/${name}`;
