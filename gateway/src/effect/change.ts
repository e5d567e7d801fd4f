import { digestOf } from '@sentinel/crds';

/** A field before and after, in full. `undefined` is the absence of the field. */
export interface Change {
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
  readonly volatile?: 'Time';
}

type Json = Record<string, unknown>;
const isRecord = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);
// Names come from sandboxes: `constructor` and `__proto__` are keys like any other, and never those of the prototype.
const own = (object: object, key: string): unknown => (Object.hasOwn(object, key) ? (object as Json)[key] : undefined);
const put = (object: object, key: string, value: unknown): unknown =>
  Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
const escapeKey = (key: string) => key.replaceAll('~', '~0').replaceAll('/', '~1');
const unescapeKey = (segment: string) => segment.replaceAll('~1', '/').replaceAll('~0', '~');

/**
 * The fields that differ, by JSON pointer, in a fixed order. Lists of one length are compared entry by entry; a list that grows
 * or shrinks is one change, because the entries behind it have no lasting address.
 */
export function changesBetween(before: unknown, after: unknown, path = ''): Change[] {
  if (isRecord(before) && isRecord(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    return keys.flatMap((key) => changesBetween(own(before, key), own(after, key), `${path}/${escapeKey(key)}`));
  }
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    return before.flatMap((entry, index) => changesBetween(entry, after[index], `${path}/${index}`));
  }
  return isEqual(before, after) ? [] : [{ path, before, after }];
}

function isEqual(a: unknown, b: unknown): boolean {
  if (a === undefined || b === undefined) return a === b;
  return digestOf({ value: a }) === digestOf({ value: b });
}

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;
const NEAR_MS = 5 * 60_000;

// A map that is new as a whole, such as the first annotations of a template, hides the time in it: show its fields one by one.
function splitAtTimes(change: Change, isNear: (value: unknown) => boolean): Change[] {
  const { path, before, after } = change;
  if (path === '' || before !== undefined || !isRecord(after)) return [change];
  const fields = changesBetween({}, after, path).flatMap((field) => splitAtTimes(field, isNear));
  return fields.some((field) => isNear(field.after)) ? fields : [change];
}

/** Marks the changes whose new value is a time near `now`: it will be another one in the real run. */
export function markVolatile(changes: readonly Change[], now: number): Change[] {
  const isNear = (value: unknown): boolean =>
    typeof value === 'string' && TIME.test(value) && Math.abs(Date.parse(value) - now) <= NEAR_MS;
  return changes
    .flatMap((change) => splitAtTimes(change, isNear))
    .map((change) => {
      return isNear(change.after) ? { ...change, volatile: 'Time' as const } : change;
    });
}

/**
 * The digest of a whole change, volatile values replaced by their type. The value before a volatile one is covered too, by
 * its type when it is a time: two restarts in a row differ in nothing else.
 */
export function changeDigest(changes: readonly Change[]): string {
  return digestOf(
    changes.map(({ path, before, after, volatile }) =>
      volatile
        ? { path, before: typeof before === 'string' && TIME.test(before) ? '<Time>' : before, volatile }
        : { path, before, after },
    ),
  );
}

/** The value at a JSON pointer; undefined when there is none. */
export function valueAt(object: unknown, path: string): unknown {
  let here: unknown = object;
  for (const segment of segmentsOf(path)) {
    if (Array.isArray(here)) here = here[Number(segment)];
    else if (isRecord(here)) here = own(here, segment);
    else return undefined;
  }
  return here;
}

/** A copy of `object` with each change made. Missing parents are created; a change to the whole object replaces it. */
export function applyChanges(object: unknown, changes: readonly { readonly path: string; readonly after: unknown }[]): unknown {
  let root: unknown = structuredClone(object);
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
    else put(here, last, structuredClone(after));
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

function segmentsOf(path: string): string[] {
  return path === '' ? [] : path.slice(1).split('/').map(unescapeKey);
}
