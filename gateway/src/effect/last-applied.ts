import { isDeepStrictEqual } from 'node:util';
import { LAST_APPLIED } from '@sentinel/policy';
import { isRecord, own, valueAt } from '../object/pointer.ts';
import { findInexactNumber } from '../request/exact-json.ts';
import { type Change, changesBetween } from './change.ts';

/** Fields inside of the annotation that `kubectl apply` keeps, and the document that their paths lead into. */
export interface LastApplied {
  /** What does not repeat the object. The paths lead through the annotation into its JSON. */
  readonly differing: readonly Change[];
  /** The document that `differing` leads into, as it is afterwards, else as it was. */
  readonly document: unknown;
}

/**
 * A change of the annotation `kubectl.kubernetes.io/last-applied-configuration` as what it is: a copy of the object, of which only
 * the fields are listed that do not repeat the object: where the annotation stays, the object as it will be, else as it was. A field
 * that an earlier copy lacks and that the write itself leaves as it is does not. A removed field repeats the object where that will not
 * have it either, or where it set nothing. Undefined for any other change, and where the annotation holds something else than a copy of an object.
 */
export function readLastApplied(
  { path, before, after }: Change,
  { live, result }: { readonly live?: unknown; readonly result?: unknown },
): LastApplied | undefined {
  if (path !== LAST_APPLIED) return undefined;
  const [old, young] = [readCopy(before), readCopy(after)];
  if ((before !== undefined && !old) || (after !== undefined && !young)) return undefined;
  // A later apply of a manifest without the field takes it from the object, where it was somebody else's until now.
  const isTakenOver = ({ path: at, before: was }: Change) => {
    const [here, there] = [valueAt(live, at), valueAt(result, at)];
    return old !== undefined && was === undefined && here !== undefined && isDeepStrictEqual(here, there);
  };
  const repeats = (one: Change) => {
    if (!young) return isCovered(one.before, valueAt(live, one.path));
    if (one.after === undefined && isCovered(one.before, undefined)) return true;
    return isCovered(one.after, valueAt(result, one.path)) && !isTakenOver(one);
  };
  const leaves = leavesOf(old ?? {}, young ?? {});
  // Two spellings of one document: nothing was compared with the object.
  if (leaves.length === 0) return undefined;
  const differing = leaves.filter((one) => !repeats(one));
  return {
    differing: differing.map(({ entries: _, ...one }) => ({ ...one, path: `${LAST_APPLIED}${one.path}` })),
    document: young ?? old,
  };
}

const leavesOf = (before: unknown, after: unknown, path = ''): Change[] =>
  changesBetween(before, after, path).flatMap((one) => {
    if (one.before === undefined && isFilled(one.after)) return leavesOf({}, one.after, one.path);
    return one.after === undefined && isFilled(one.before) ? leavesOf(one.before, {}, one.path) : [one];
  });

const isFilled = (value: unknown) => isRecord(value) && Object.keys(value).length > 0;

// An object has more than what was applied: defaults, and what others set. Null and an empty map set nothing.
function isCovered(copy: unknown, value: unknown): boolean {
  if (copy === undefined) return value === undefined;
  if (copy === null) return true;
  if (isRecord(copy))
    return Object.keys(copy).every((key) => isCovered(own(copy, key), isRecord(value) ? own(value, key) : undefined));
  if (Array.isArray(copy))
    return Array.isArray(value) && copy.length === value.length && copy.every((entry, index) => isCovered(entry, value[index]));
  return copy === value;
}

/** The object that the text of such an annotation holds; undefined where it holds something else. */
export function readCopy(text: unknown): Record<string, unknown> | undefined {
  if (typeof text !== 'string') return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) && !findInexactNumber(text) ? value : undefined;
  } catch {
    return undefined;
  }
}
