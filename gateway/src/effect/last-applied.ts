import { isDeepStrictEqual } from 'node:util';
import { LAST_APPLIED } from '@sentinel/policy';
import { isRecord, own, valueAt } from '../object/pointer.ts';
import { findInexactNumber } from '../request/exact-json.ts';
import { type Change, changesBetween } from './change.ts';

/** Fields inside the annotation of `kubectl apply`, and the document that contains them. */
export interface LastApplied {
  /** The fields that differ from the object. The paths lead through the annotation into its JSON. */
  readonly differing: readonly Change[];
  /** The document of `differing`: the new one, or the old one if it is removed. */
  readonly document: unknown;
}

/**
 * A change of the annotation `kubectl.kubernetes.io/last-applied-configuration` as what it is: a copy of the object, of which only the
 * fields are listed that do not repeat the object: where the annotation stays, the object as it will be, else as it was. A field that no
 * earlier copy holds and that the write itself leaves as it is does not: it was not of `kubectl apply` until now. A removed field repeats
 * the object where that will not have it either, or where it set nothing. Undefined for any other change, and where the annotation holds
 * something else than a copy of an object.
 */
export function readLastApplied(
  { path, before, after }: Change,
  { live, result }: { readonly live?: unknown; readonly result?: unknown },
): LastApplied | undefined {
  if (path !== LAST_APPLIED) return undefined;
  const [old, young] = [readCopy(before), readCopy(after)];
  if ((before !== undefined && !old) || (after !== undefined && !young)) return undefined;
  // A later apply of a manifest without the field takes it from the object, where it was somebody else's until now. The first copy of an
  // object does that with each field that existed before.
  const isTakenOver = ({ path: at, before: was }: Change) => {
    const [here, there] = [valueAt(live, at), valueAt(result, at)];
    return !IDENTITY.has(at) && was === undefined && here !== undefined && isDeepStrictEqual(here, there);
  };
  const repeats = (one: Change) => {
    if (!young) return isCovered(one.before, valueAt(live, one.path));
    if (one.after === undefined && isCovered(one.before, undefined)) return true;
    return isCovered(one.after, valueAt(result, one.path)) && !isTakenOver(one);
  };
  const leaves = leavesOf(old ?? {}, young ?? {});
  // The document is equal and only its JSON text differs, so nothing was compared with the object.
  if (leaves.length === 0) return undefined;
  const differing = leaves.filter((one) => !repeats(one));
  return {
    differing: differing.map(({ entries: _, ...one }) => ({ ...one, path: `${LAST_APPLIED}${one.path}` })),
    document: young ?? old,
  };
}

/** Fields that say which object it is. An apply can neither change nor remove them. */
const IDENTITY: ReadonlySet<string> = new Set(['/apiVersion', '/kind', '/metadata/name', '/metadata/namespace']);

/**
 * Whether a change puts a copy of `kubectl apply` on an object that existed without one. From then on an apply removes the fields that its
 * manifest does not set any more.
 */
export const adoptsObject = ({ path, before, after }: Change, live: unknown): boolean =>
  path === LAST_APPLIED && live !== undefined && before === undefined && readCopy(after) !== undefined;

const leavesOf = (before: unknown, after: unknown, path = ''): Change[] =>
  changesBetween(before, after, path).flatMap((one) => {
    if (one.before === undefined && isFilled(one.after)) return leavesOf({}, one.after, one.path);
    return one.after === undefined && isFilled(one.before) ? leavesOf(one.before, {}, one.path) : [one];
  });

const isFilled = (value: unknown) => isRecord(value) && Object.keys(value).length > 0;

// An object has more fields than the applied ones: defaults, and fields of others. Null and an empty map set nothing.
function isCovered(copy: unknown, value: unknown): boolean {
  if (copy === undefined) return value === undefined;
  if (copy === null) return true;
  if (isRecord(copy))
    return Object.keys(copy).every((key) => isCovered(own(copy, key), isRecord(value) ? own(value, key) : undefined));
  if (Array.isArray(copy))
    return Array.isArray(value) && copy.length === value.length && copy.every((entry, index) => isCovered(entry, value[index]));
  return copy === value;
}

/** Parses the object in such an annotation; undefined if it is something else. */
export function readCopy(text: unknown): Record<string, unknown> | undefined {
  if (typeof text !== 'string') return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) && !findInexactNumber(text) ? value : undefined;
  } catch {
    return undefined;
  }
}
