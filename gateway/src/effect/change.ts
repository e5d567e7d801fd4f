import { digestOf } from '@sentinel/crds';
import { entriesOn, noLists } from '../object/entries.ts';
import { escapeKey, isRecord, type Json, own, put, segmentsOf, valueAt } from '../object/pointer.ts';
import { isTimeField, isTimeNear, TIME, type TimedResource } from '../object/times.ts';

export { valueAt };

/** A field before and after, in full. `undefined` is the absence of the field. */
export interface Change {
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
  readonly volatile?: 'Time';
  /** The list entries on the path, before the change: an index alone is ambiguous after the list is reordered (entries.ts). */
  readonly entries?: Readonly<Record<string, unknown>>;
  /** For a server-side apply: the field manager, and whether it takes fields from others. */
  readonly applied?: { readonly manager: string; readonly force: boolean };
  /** For a delete: the options that the request sets. */
  readonly deletion?: { readonly gracePeriodSeconds?: number; readonly propagationPolicy?: string };
}

/**
 * The fields that differ, by JSON pointer, in a fixed order. Lists of equal length are compared entry by entry; a list that grows
 * or shrinks is one change, because the following entries have no stable address. A change inside a list names its entry.
 */
export function changesBetween(before: unknown, after: unknown, path = ''): Change[] {
  return withEntries(differences(before, after, path), before, path);
}

/** Adds the list entries on their paths to `changes`; `before` is the whole object before the changes. */
export const identified = (changes: readonly Change[], before: unknown): Change[] => withEntries(changes, before, '');

function withEntries(changes: readonly Change[], before: unknown, base: string): Change[] {
  const known = noLists();
  return changes.map(({ entries: _, ...change }) => {
    const entries = entriesOn(change.path, before, base, known);
    return entries === undefined ? change : { ...change, entries };
  });
}

function differences(before: unknown, after: unknown, path: string, found: Change[] = []): Change[] {
  if (isRecord(before) && isRecord(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    for (const key of keys) differences(own(before, key), own(after, key), `${path}/${escapeKey(key)}`, found);
  } else if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    for (const [index, entry] of before.entries()) differences(entry, after[index], `${path}/${index}`, found);
  } else if (!isEqual(before, after)) found.push({ path, before, after });
  return found;
}

function isEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  return digestOf({ value: a }) === digestOf({ value: b });
}

// A new map, such as the first annotations of a template, may contain a time: its fields are listed one by one.
function splitAtTimes(change: Change, isVolatile: (path: string, value: unknown) => boolean): Change[] {
  const { path, before, after, ...tags } = change;
  if (before !== undefined || !isRecord(after)) return [change];
  const fields = differences({}, after, path).flatMap((field) => splitAtTimes({ ...field, ...tags }, isVolatile));
  return fields.some((field) => isVolatile(field.path, field.after)) ? fields : [change];
}

/**
 * Marks the changes whose new value is a time close to `now`, in a field that contains the time of the request (times.ts):
 * it will be another one in the real run. Existing marks are kept.
 */
export function markVolatile(changes: readonly Change[], now: number, request?: TimedResource): Change[] {
  const isVolatile = (path: string, value: unknown) => isTimeNear(value, now) && isTimeField(path, request);
  return changes
    .flatMap((change) => splitAtTimes(change, isVolatile))
    .map((change) => (isVolatile(change.path, change.after) ? { ...change, volatile: 'Time' as const } : change));
}

/**
 * The digest of a whole change, with volatile values replaced by their type. The value before a volatile one is replaced by its type as well if
 * it is a time, because two restarts in a row differ only in that.
 */
export function changeDigest(changes: readonly Change[]): string {
  return digestOf(
    changes.map(({ path, before, after, volatile, entries, applied, deletion }) => ({
      path,
      ...(volatile
        ? { before: typeof before === 'string' && TIME.test(before) ? '<Time>' : before, volatile }
        : { before, after }),
      ...(entries === undefined ? {} : { entries }),
      ...(applied === undefined ? {} : { applied }),
      ...(deletion === undefined ? {} : { deletion }),
    })),
  );
}

/** A copy of `object` with each change made. Missing parents are created; a change to the whole object replaces it. */
export function applyChanges(object: unknown, changes: readonly { readonly path: string; readonly after: unknown }[]): unknown {
  let root: unknown = structuredClone(object) ?? {};
  for (const { path, after } of changes) {
    const segments = segmentsOf(path);
    const last = segments.pop();
    if (last === undefined) {
      root = structuredClone(after);
      continue;
    }
    let here = root as Json;
    for (const segment of segments) {
      const next = own(here, segment);
      if (typeof next !== 'object' || next === null) put(here, segment, {});
      here = own(here, segment) as Json;
    }
    if (after === undefined) delete here[last];
    else put(here, last, typeof after === 'object' ? structuredClone(after) : after);
  }
  return root;
}

/** The JSON patch that makes each change, each preceded by a test that the field is still what it was. */
export function toJsonPatch(changes: readonly Change[]): object[] {
  return changes.flatMap(({ path, before, after }) => {
    const test = before === undefined ? [] : [{ op: 'test', path, value: before }];
    if (after === undefined) return [...test, { op: 'remove', path }];
    return [...test, { op: before === undefined ? 'add' : 'replace', path, value: after }];
  });
}

/**
 * Whether each change is still present at its path in `object`: the value is the one that was set, in the same list entry. Used for a
 * rollback; true only if undoing the changes restores the original entries.
 */
export function isStillMade(object: unknown, changes: readonly Change[]): boolean {
  // In JSON absence is null.
  const same = (a: unknown, b: unknown) => isEqual(a ?? null, b ?? null);
  if (!changes.every(({ path, after }) => same(valueAt(object, path), after))) return false;
  const before = applyChanges(
    object,
    changes.map((change) => ({ path: change.path, after: change.before ?? undefined })).reverse(),
  );
  const found = identified(changes, before);
  return changes.every(({ entries }, index) => same(found[index]?.entries, entries));
}
