import type { ParsedRequest } from '../request/parse.ts';
import { applyChanges, type Change, changesBetween, identified, valueAt } from './change.ts';

/** Accounts for bytes that are kept; answers with what gives them back. */
export type Take = (bytes: number) => () => void;

interface Kept {
  /** As text: a parsed object takes many times the room, and nobody can say how much. */
  readonly text: Buffer;
  readonly giveBack: () => void;
}

/** The rehearsed state of the objects that a rehearsal touched: what a GET of them shows. `null` is a deleted object. */
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

  /** Whether anything of this resource was touched: lists and watches of it still show the live state. */
  touches(request: ParsedRequest): boolean {
    const prefix = `${request.api.apiGroup}/${request.base}/`;
    return [...this.#objects.keys()].some((key) => key.startsWith(prefix));
  }

  /** Keeps the state of an object. Throws Refused when there is no room for it. */
  put(request: ParsedRequest, name: string, object: unknown): void {
    this.#keep(keyOf(request, name), object);
  }

  /** Lays changes over the rehearsed object, or over `live` when this is the first write to it. */
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
 * A change seen from the rehearsed state. Each dry-run is relative to the live object and so repeats what earlier writes of the
 * rehearsal did; in the real run those have happened, and the change starts from them, named as finely as it will be then.
 * A request that merges adds to a map that an earlier write made; any other replaces it. Marks of volatile values and of
 * an apply are lost: `asRequested` sets them again.
 */
export function relativeTo(rehearsed: unknown, changes: readonly Change[], merges: boolean): Change[] {
  if (rehearsed === undefined || rehearsed === null) return [...changes];
  const relative = changes.flatMap(({ path, before, after }) => {
    const here = valueAt(rehearsed, path);
    const found = changesBetween(here, after, path);
    // What the live object lacks comes from the request alone: what the rehearsal put there before is not taken out by it.
    return merges && before === undefined && isMap(here) && isMap(after) ? found.filter((one) => one.after !== undefined) : found;
  });
  return identified(relative, rehearsed);
}

const isMap = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);

const keyOf = (request: ParsedRequest, name = request.api.name ?? ''): string =>
  keyFor(request.api.apiGroup, request.base, request.api.namespace, name);

const keyFor = (apiGroup: string, resource: string, namespace: string | undefined, name: string): string =>
  `${apiGroup}/${resource}/${namespace ?? ''}/${name}`;
