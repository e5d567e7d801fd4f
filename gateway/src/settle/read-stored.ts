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
/** What controllers write right after a write of others, by JSON pointer: the deployment controller counts revisions. */
const BY_CONTROLLERS = /^\/metadata\/annotations(\/deployment\.kubernetes\.io~1revision)?$/;

/** What the API server stored, by its own answer to the write. Throws Refused (502) where that is no object. */
export function readStored(entry: Entry, answer: Answer): Stored {
  const stored = compareStored(entry, readObject(answer.body), () => false);
  const inexact = findInexactNumber(answer.body.toString('utf8'));
  // The dry-run right before had promised none, and nothing can be compared with one.
  return inexact && entry.target.verb !== 'delete'
    ? { altered: `${describeInexact(inexact)} was not approved`, ...stored }
    : stored;
}

/** The same from the object as it is now, which controllers may have written to since. */
export function readStoredLater(entry: Entry, live: unknown): Stored {
  return compareStored(entry, live, (path) => BY_CONTROLLERS.test(path));
}

// `altered` names the fields that are not what the dry-run showed right before, and so not what was approved; `change` is what happened.
// What is no fault, such as a precondition in the annotation of an apply or an assigned port, is part of what happened all the same.
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
  // What a run makes goes as a whole: it is compared as the promise was, without what the API server assigns.
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

// The values are not those that people approved, and they may be somebody's secret: as little of them as possible is said.
const shorten = (text: string | undefined) => (text === undefined ? 'removed' : text.length <= 64 ? text : 'another value');
