import { isDeepStrictEqual } from 'node:util';
import { nameOf } from '../enforce/judge-write.ts';
import type { Entry } from '../ledger/entry.ts';
import { comparable } from '../object/normalize.ts';
import { valueAt } from '../object/pointer.ts';
import type { Run, Undoing } from '../run/run.ts';
import { pathOfTarget } from '../settle/find-landed.ts';
import { changesOf, hasCreated } from './inverse-write.ts';
import { readTarget } from './read-target.ts';

/** What an object must be after a rollback. */
export interface Expectation {
  readonly entry: Entry;
  /** Whether it must not exist any more. */
  readonly gone: boolean;
  /** The fields, each with its value before the undone run. */
  readonly fields: readonly { readonly path: string; readonly before: unknown }[];
}

/**
 * What each object must be after the undone effects, by the oldest of them: a field that several of them changed has the value from before
 * the first one. Fields that the plan leaves are not expected to be anything. Pure.
 */
export function expectationsOf(entries: readonly Entry[], approved: NonNullable<Undoing['approved']>): Expectation[] {
  const undone = entries.filter(({ target }) => approved.undoes.includes(target.index));
  const found: Expectation[] = [];
  for (const entry of undone) {
    const older = found.filter((one) => uidOf(one.entry) === uidOf(entry));
    if (older.some(({ gone }) => gone)) continue;
    const skip = new Set(
      (approved.left ?? []).flatMap(({ effect, path }) => (effect === entry.target.index && path ? [path] : [])),
    );
    const known = older
      .filter((one) => one.entry.target.resource === entry.target.resource)
      .flatMap(({ fields }) => fields.map(({ path }) => path));
    const fields = hasCreated(entry)
      ? []
      : changesOf(entry).filter(({ path }) => !skip.has(path) && !known.some((one) => isRelated(one, path)));
    found.push({ entry, gone: hasCreated(entry), fields });
  }
  return found;
}

const uidOf = ({ target, stored }: Entry) => target.uid ?? stored?.uid;
const isRelated = (a: string, b: string) => a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`);

/** How objects differ from what a rollback had to make them. */
export interface Compared {
  /** The differences, as sentences that show no value. */
  readonly faults: readonly string[];
  /** Whether an object is still being deleted, so that a later answer may have fewer faults. */
  readonly isPending: boolean;
}

/** Compares the objects that a rollback has changed with their pre-images. Throws Refused. */
export async function compareUndone(
  context: Parameters<typeof readTarget>[0],
  run: Run,
  { approved }: Undoing,
  entries: readonly Entry[],
): Promise<Compared> {
  if (!approved) return { faults: ['the plan does not say what it undoes'], isPending: false };
  let isPending = false;
  const faults: string[] = [];
  for (const { entry, gone, fields } of expectationsOf(entries, approved)) {
    const live = await readTarget(context, run, entry.target);
    const object = pathOfTarget(entry.target);
    const { uid, deletionTimestamp } = (live as { metadata?: { uid?: string; deletionTimestamp?: string } })?.metadata ?? {};
    if (gone) {
      if (live === undefined || uid !== uidOf(entry)) continue;
      faults.push(`${object} still exists`);
      isPending ||= deletionTimestamp !== undefined;
      continue;
    }
    if (live === undefined || uid !== entry.target.uid) {
      faults.push(`${nameOf(entry.target)}: the object is gone`);
      continue;
    }
    const now = entry.sending ? comparable(live, entry.sending.request) : live;
    for (const { path, before } of fields)
      if (!isDeepStrictEqual(valueAt(now, path) ?? null, before ?? null))
        faults.push(`${object}: ${path} is not what it was before the action that was undone`);
  }
  return { faults, isPending };
}
