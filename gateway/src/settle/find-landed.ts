import { isDeepStrictEqual } from 'node:util';
import { applyChanges, isStillMade } from '../effect/change.ts';
import type { Answer } from '../effect/observe.ts';
import { asStored } from '../effect/persisted.ts';
import type { Entry, Stored, Target } from '../ledger/entry.ts';
import { assignedPaths, comparable, resultAs } from '../object/normalize.ts';
import { valueAt } from '../object/pointer.ts';
import { describeInexact, findInexactNumber } from '../request/exact-json.ts';
import { pathOf } from '../request/parse.ts';
import { readObject } from '../request/read-answer.ts';
import { Refused } from '../request/refused.ts';
import type { Run } from '../run/run.ts';
import type { Upstream } from '../upstream.ts';
import { readStoredLater } from './read-stored.ts';

/** The evidence of the live object about a write whose response was lost. */
export type Found =
  | { readonly kind: 'landed'; readonly stored: Stored; readonly answer: Answer }
  /** `final`: its precondition is not satisfied any more, so it cannot be applied later either. */
  | { readonly kind: 'not-landed'; readonly final: boolean }
  | { readonly kind: 'unclear'; readonly why: string };

interface Live {
  readonly metadata: {
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly creationTimestamp?: string;
    readonly deletionTimestamp?: string;
  };
}

/** Clocks of several API servers may differ by this much. */
const CLOCK_SKEW_MS = 5_000;

function readLive(body: Buffer): Live | Refused {
  try {
    return readObject(body);
  } catch (error) {
    if (error instanceof Refused) return error;
    throw error;
  }
}

/** Reads the object of an effect and returns whether it shows the write. */
export async function findLanded(upstream: Upstream, run: Run, entry: Entry): Promise<Found> {
  const read = await upstream.send(run, 'enforce', {
    method: 'GET',
    path: pathOfTarget(entry.target),
    headers: { accept: 'application/json' },
  });
  if (read.status !== 200 && read.status !== 404)
    return { kind: 'unclear', why: `the object could not be fetched (HTTP ${read.status})` };
  const answer = { status: 200, body: read.body, contentType: 'application/json' };
  const live = read.status === 404 ? undefined : readLive(read.body);
  if (live instanceof Refused) return { kind: 'unclear', why: live.message };
  const { target } = entry;
  if (target.verb === 'delete') {
    const gone = live === undefined || live.metadata.uid !== target.uid || live.metadata.deletionTimestamp !== undefined;
    const body = Buffer.from(JSON.stringify({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' }));
    return gone
      ? { kind: 'landed', stored: { uid: target.uid, resourceVersion: undefined }, answer: { ...answer, body } }
      : notLanded(entry, live);
  }
  if (live === undefined)
    return target.uid === undefined ? { kind: 'not-landed', final: false } : { kind: 'unclear', why: 'the object is gone' };
  const inexact = findInexactNumber(read.body.toString('utf8'));
  if (inexact) return { kind: 'unclear', why: `the object holds ${describeInexact(inexact)}, which cannot be compared exactly` };
  if (target.uid === undefined) return created(entry, live, answer);
  if (live.metadata.uid !== target.uid) return { kind: 'unclear', why: 'another object has its name now' };
  return changed(entry, live, answer);
}

/** The path of the object of an effect, its subresource included. */
export function pathOfTarget({ apiGroup, version, resource, namespace, name }: Target): string {
  const [base = '', subresource] = resource.split('/');
  return pathOf({ version, base, subresource, api: { apiGroup, namespace, name } });
}

// An object with the same name, created after the write was intended and with the content of the write, was created by it.
function created(entry: Entry, live: Live, answer: Answer): Found {
  const { sending } = entry;
  if (!sending) return { kind: 'unclear', why: 'what was sent is not known' };
  const { request, change } = sending;
  const here = resultAs(request, undefined, live, assignedPaths(request, undefined, live));
  const made = Date.parse(live.metadata.creationTimestamp ?? '');
  const { storedAt } = entry;
  // An older object than the intent has this name. Both times are from the clock of the API server.
  if (storedAt !== undefined && made + CLOCK_SKEW_MS < storedAt) return { kind: 'not-landed', final: true };
  if (isDeepStrictEqual(here, applyChanges(undefined, change))) return landed(entry, live, answer);
  return { kind: 'unclear', why: 'an object of this name was created in the meantime and has other content' };
}

function changed(entry: Entry, live: Live, answer: Answer): Found {
  const { sending } = entry;
  if (!sending) return { kind: 'unclear', why: 'what was sent is not known' };
  const { request, change, promised } = sending;
  const here = comparable(live, request);
  // Compared like the dry-run: without fields that the API server assigns.
  const as = resultAs(request, promised.live, live, assignedPaths(request, promised.live, live));
  if (isStillMade(as, asStored(sending, as))) return landed(entry, live, answer);
  if (change.every(({ path, before }) => isDeepStrictEqual(valueAt(here, path), before))) return notLanded(entry, live);
  return { kind: 'unclear', why: 'the object shows neither the state before the write nor the state after it' };
}

const landed = (entry: Entry, live: Live, answer: Answer): Found => ({
  kind: 'landed',
  stored: readStoredLater(entry, live),
  answer,
});

function notLanded({ sending }: Entry, { metadata }: Live): Found {
  return { kind: 'not-landed', final: sending?.preconditions.resourceVersion !== metadata.resourceVersion };
}
