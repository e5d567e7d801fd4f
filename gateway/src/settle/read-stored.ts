import { isDeepStrictEqual } from 'node:util';
import { applyChanges, type Change, changesBetween } from '../effect/change.ts';
import type { Answer } from '../effect/observe.ts';
import { asRequested } from '../effect/ownership.ts';
import { persistedDifferences } from '../effect/persisted.ts';
import { hidesValue } from '../effect/redact.ts';
import type { Entry, Sending, Stored } from '../ledger/entry.ts';
import { assignedPaths, comparable, resultAs } from '../object/normalize.ts';
import { describeInexact, findInexactNumber } from '../request/exact-json.ts';
import { readObject } from '../request/read-answer.ts';

const SHOWN = 3;
/** Fields that controllers write right after a write of others, by JSON pointer: the deployment controller counts revisions. */
const BY_CONTROLLERS = /^\/metadata\/annotations(\/deployment\.kubernetes\.io~1revision)?$/;

/** What the API server stored, by its own answer to the write. Throws Refused (502) where that is not an object. */
export function readStored(entry: Entry, answer: Answer): Stored {
  const stored = compareStored(entry, readObject(answer.body), () => false);
  const inexact = findInexactNumber(answer.body.toString('utf8'));
  // The dry-run right before returned no object, so there is nothing to compare.
  return inexact && entry.target.verb !== 'delete'
    ? { altered: `${describeInexact(inexact)} was not approved`, ...stored }
    : stored;
}

/** The same from the object as it is now, which controllers may have written to since. */
export function readStoredLater(entry: Entry, live: unknown): Stored {
  return compareStored(entry, live, (path) => BY_CONTROLLERS.test(path));
}

// `altered` names the fields that differ from the dry-run right before, and so from what was approved; `change` is the actual change.
// What is not a fault, such as a precondition in the annotation of an apply or an assigned port, is part of what happened all the same.
function compareStored({ target, sending }: Entry, persisted: unknown, isExpected: (path: string) => boolean): Stored {
  const { uid, resourceVersion } = (persisted as { metadata?: { uid?: string; resourceVersion?: string } }).metadata ?? {};
  if (target.verb === 'delete' || !sending) return { uid, resourceVersion };
  const { request, preconditions, change: changes, promised } = sending;
  const observed = { ...preconditions, ...promised, changes };
  const differences = persistedDifferences(request, observed, persisted).filter(({ path }) => !isExpected(path));
  const change = changeInFact(sending, persisted, differences.length > 0, isExpected);
  const stored = { uid, resourceVersion, ...(change === undefined ? {} : { change }) };
  if (differences.length === 0) return stored;
  const named = differences
    .slice(0, SHOWN)
    .map(({ path, after }) => (hidesValue(path, persisted, after) ? path : `${path} is ${shorten(JSON.stringify(after))}`));
  return { ...stored, altered: named.join('; ') };
}

/** The change as it is stored; undefined where it is the one that was sent. */
function changeInFact(
  { request, change, promised }: Sending,
  persisted: unknown,
  isAltered: boolean,
  isExpected: (path: string) => boolean,
): readonly Change[] | undefined {
  const { live } = promised;
  // A created object is compared as a whole, like the dry-run, without fields that the API server assigns.
  if (live === undefined)
    return isAltered
      ? changesBetween(undefined, resultAs(request, live, persisted, assignedPaths(request, live, persisted)))
      : undefined;
  const [before, after] = [comparable(live, request), comparable(persisted, request)];
  const sent = new Set(change.map(({ path }) => path));
  const found = changesBetween(before, after).filter(({ path }) => sent.has(path) || !isExpected(path));
  const isSent = isDeepStrictEqual(applyChanges(before, change), applyChanges(before, found));
  return isSent ? undefined : asRequested(request, found);
}

// The values were not approved and may be secret, so as little of them as possible is shown.
const shorten = (text: string | undefined) => (text === undefined ? 'removed' : text.length <= 64 ? text : 'another value');
