import { changesBetween } from '../effect/change.ts';
import { normalize } from '../effect/normalize.ts';
import type { Answer, Observation } from '../effect/observe.ts';
import { persistedDifferences } from '../effect/persisted.ts';
import { hidesValue } from '../effect/redact.ts';
import type { Entry, Stored } from '../ledger/entry.ts';

const SHOWN = 3;

/**
 * What the API server stored, by its own answer to the write: which object, and what changed in fact. `altered` names the fields in
 * which that is not what the dry-run showed right before, and so not what was approved.
 */
export function readStored(
  { target, sending }: Entry,
  answer: Answer,
  observed: Observation | undefined,
): { stored: Stored; altered: string | undefined } {
  const persisted = JSON.parse(answer.body.toString('utf8')) as { metadata?: { uid?: string; resourceVersion?: string } };
  const { uid, resourceVersion } = persisted.metadata ?? {};
  if (target.verb === 'delete' || !observed || !sending) return { stored: { uid, resourceVersion }, altered: undefined };
  const differences = persistedDifferences(sending.request, observed, persisted);
  if (differences.length === 0) return { stored: { uid, resourceVersion }, altered: undefined };
  const before = normalize(observed.live, target.resource, target.verb);
  const change = changesBetween(before, normalize(persisted, target.resource, target.verb));
  const named = differences
    .slice(0, SHOWN)
    .map(({ path, after }) => (hidesValue(path, persisted) ? path : `${path} is ${shorten(JSON.stringify(after))}`));
  return { stored: { uid, resourceVersion, change }, altered: named.join('; ') };
}

// The values are not those that people approved, and they may be somebody's secret: as little of them as possible is said.
const shorten = (text: string | undefined) => (text === undefined ? 'removed' : text.length <= 64 ? text : 'another value');
