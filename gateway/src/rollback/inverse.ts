import { isDeepStrictEqual } from 'node:util';
import { applyChanges, type Change, changesBetween, valueAt } from '../effect/change.ts';
import { isRecord, removeAt } from '../object/pointer.ts';

/**
 * The changes that restore the pre-image from `now`, newest first. A map that becomes empty is removed as well if the pre-image does not have
 * it, because an object with `{}` differs from it.
 */
export function inverseOf(now: unknown, changes: readonly Change[], preImage: unknown): Change[] {
  const inverse = changes.map(({ path, before, after }): Change => ({ path, before: after, after: before })).reverse();
  const restored = applyChanges(now, inverse);
  const emptied: Change[] = [];
  for (const { path, after } of inverse) {
    if (after !== undefined) continue;
    for (let parent = parentOf(path); parent !== ''; parent = parentOf(parent)) {
      const here = valueAt(restored, parent);
      const isLeft = isRecord(here) && Object.keys(here).length === 0 && valueAt(preImage, parent) === undefined;
      // Entries of a list are not removed with their last field.
      if (!isLeft || Array.isArray(valueAt(restored, parentOf(parent)))) break;
      emptied.push({ path: parent, before: {}, after: undefined });
      removeAt(restored, parent);
    }
  }
  return [...inverse, ...emptied];
}

/** The write of a rollback, and the objects to compare it with. */
export interface Rewritten {
  /** The object as the API server stored it. */
  readonly stored: unknown;
  /** The object as it was read, with the inverse made. */
  readonly wanted: unknown;
  /** The object before the run. */
  readonly preImage: unknown;
  readonly changes: readonly Change[];
  /** Whether others may have written other fields in between. */
  readonly isBusy: boolean;
}

/**
 * The first field that is not as it was before the run. It is judged by the pre-image: the API server resets fields by itself
 * when the field goes that brought them, such as the node ports of a Service.
 */
export function notRestored({ stored, wanted, preImage, changes, isBusy }: Rewritten): string | undefined {
  const own = changes.find(({ path, before }) => !isSame(valueAt(stored, path), before));
  if (own || isBusy) return own?.path;
  return changesBetween(wanted, stored).find(({ path, after }) => !isSame(after, valueAt(preImage, path)))?.path;
}

// In JSON absence is null.
const isSame = (a: unknown, b: unknown) => isDeepStrictEqual(a ?? null, b ?? null);

const parentOf = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf('/')));
