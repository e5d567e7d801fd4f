import type { ParsedRequest } from '../request/parse.ts';
import { applyChanges, type Change, valueAt } from './change.ts';

/** The rehearsed state of the objects that a rehearsal touched: what a GET of them shows. `null` is a deleted object. */
export class Overlay {
  readonly #objects = new Map<string, unknown>();

  /** The rehearsed object; undefined when the rehearsal has not touched it, null when it deleted it. */
  get(request: ParsedRequest): unknown {
    return this.#objects.get(keyOf(request));
  }

  /** Whether anything of this resource was touched: lists and watches of it still show the live state. */
  touches(request: ParsedRequest): boolean {
    const prefix = `${request.api.apiGroup}/${request.base}/`;
    return [...this.#objects.keys()].some((key) => key.startsWith(prefix));
  }

  put(request: ParsedRequest, name: string, object: unknown): void {
    this.#objects.set(keyOf(request, name), object);
  }

  /** Lays changes over the rehearsed object, or over `live` when this is the first write to it. */
  change(request: ParsedRequest, live: unknown, changes: readonly Change[]): unknown {
    const key = keyOf(request);
    const next = applyChanges(this.#objects.get(key) ?? live, changes);
    this.#objects.set(key, next);
    return next;
  }
}

/**
 * A change seen from the rehearsed state. Each dry-run is relative to the live object and so repeats what earlier writes of the
 * rehearsal did; in the real run those have happened, and the change starts from them.
 */
export function relativeTo(rehearsed: unknown, changes: readonly Change[]): Change[] {
  if (rehearsed === undefined || rehearsed === null) return [...changes];
  return changes
    .map((change) => ({ ...change, before: valueAt(rehearsed, change.path) }))
    .filter((change) => JSON.stringify(change.before) !== JSON.stringify(change.after));
}

function keyOf(request: ParsedRequest, name = request.api.name ?? ''): string {
  return `${request.api.apiGroup}/${request.base}/${request.api.namespace ?? ''}/${name}`;
}
