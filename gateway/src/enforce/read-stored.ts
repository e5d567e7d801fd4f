import { changesBetween } from '../effect/change.ts';
import { assignedPaths, comparable, resultAs } from '../effect/normalize.ts';
import type { Answer } from '../effect/observe.ts';
import { persistedDifferences } from '../effect/persisted.ts';
import { hidesValue } from '../effect/redact.ts';
import type { Entry, Stored } from '../ledger/entry.ts';

const SHOWN = 3;
/** What controllers write right after a write of others, by JSON pointer: the deployment controller counts revisions. */
const BY_CONTROLLERS = /^\/metadata\/annotations(\/deployment\.kubernetes\.io~1revision)?$/;

/** What the API server stored, by its own answer to the write. */
export function readStored(entry: Entry, answer: Answer): Stored {
  return compareStored(entry, JSON.parse(answer.body.toString('utf8')), () => false);
}

/** The same from the object as it is now, which controllers may have written to since. */
export function readStoredLater(entry: Entry, live: unknown): Stored {
  return compareStored(entry, live, (path) => BY_CONTROLLERS.test(path));
}

// `altered` names the fields that are not what the dry-run showed right before, and so not what was approved; `change` is what happened.
function compareStored({ target, sending }: Entry, persisted: unknown, isExpected: (path: string) => boolean): Stored {
  const { uid, resourceVersion } = (persisted as { metadata?: { uid?: string; resourceVersion?: string } }).metadata ?? {};
  if (target.verb === 'delete' || !sending) return { uid, resourceVersion };
  const { request, preconditions, change: changes, promised } = sending;
  const observed = { ...preconditions, ...promised, changes };
  const differences = persistedDifferences(request, observed, persisted).filter(({ path }) => !isExpected(path));
  if (differences.length === 0) return { uid, resourceVersion };
  const assigned = assignedPaths(request, promised.live, persisted);
  const change = changesBetween(comparable(promised.live, request), resultAs(request, promised.live, persisted, assigned));
  const named = differences
    .slice(0, SHOWN)
    .map(({ path, after }) => (hidesValue(path, persisted) ? path : `${path} is ${shorten(JSON.stringify(after))}`));
  return { uid, resourceVersion, change, altered: named.join('; ') };
}

// The values are not those that people approved, and they may be somebody's secret: as little of them as possible is said.
const shorten = (text: string | undefined) => (text === undefined ? 'removed' : text.length <= 64 ? text : 'another value');
