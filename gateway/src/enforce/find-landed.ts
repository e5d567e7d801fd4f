import { isDeepStrictEqual } from 'node:util';
import { applyChanges, isStillMade } from '../effect/change.ts';
import { assignedPaths, comparable, resultAs } from '../effect/normalize.ts';
import type { Answer } from '../effect/observe.ts';
import { valueAt } from '../effect/pointer.ts';
import type { Entry, Stored, Target } from '../ledger/entry.ts';
import { pathOf } from '../request/parse.ts';
import type { Run } from '../run/run.ts';
import type { Upstream } from '../upstream.ts';
import { readStoredLater } from './read-stored.ts';

/** What the live object says of a write whose answer was lost. */
export type Found =
  | { readonly kind: 'landed'; readonly stored: Stored; readonly answer: Answer }
  /** `final`: its precondition does not hold any more, so that it cannot land later either. */
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

/** Clocks of the gateway and the API server may differ by this much. */
const CLOCK_SKEW_MS = 5_000;

/** Reads the object of an effect and says whether the write shows in it. */
export async function findLanded(upstream: Upstream, run: Run, entry: Entry): Promise<Found> {
  const read = await upstream.send(run, 'enforce', {
    method: 'GET',
    path: pathOfTarget(entry.target),
    headers: { accept: 'application/json' },
  });
  if (read.status !== 200 && read.status !== 404)
    return { kind: 'unclear', why: `the object cannot be read (HTTP ${read.status})` };
  const answer = { status: 200, body: read.body, contentType: 'application/json' };
  const live = read.status === 404 ? undefined : (JSON.parse(read.body.toString('utf8')) as Live);
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
  if (target.uid === undefined) return created(entry, live, answer);
  if (live.metadata.uid !== target.uid) return { kind: 'unclear', why: 'another object has its name now' };
  return changed(entry, live, answer);
}

/** The path of the object of an effect, its subresource included. */
export function pathOfTarget({ apiGroup, version, resource, namespace, name }: Target): string {
  const [base = '', subresource] = resource.split('/');
  return pathOf({ version, base, subresource, api: { apiGroup, namespace, name } });
}

// One of the same name, made since the write was intended and with everything that the write says, is the one that it made.
function created(entry: Entry, live: Live, answer: Answer): Found {
  const { sending } = entry;
  if (!sending) return { kind: 'unclear', why: 'what was sent is not known' };
  const { request, change } = sending;
  const here = resultAs(request, undefined, live, assignedPaths(request, undefined, live));
  const made = Date.parse(live.metadata.creationTimestamp ?? '');
  const { since } = entry;
  // Its name is taken by an older object.
  if (made + CLOCK_SKEW_MS < since) return { kind: 'not-landed', final: true };
  if (isDeepStrictEqual(here, applyChanges(undefined, change))) return landed(entry, live, answer);
  return { kind: 'unclear', why: 'an object of this name was created in the meantime and has other content' };
}

function changed(entry: Entry, live: Live, answer: Answer): Found {
  const { sending } = entry;
  if (!sending) return { kind: 'unclear', why: 'what was sent is not known' };
  const { request, change } = sending;
  const here = comparable(live, request);
  if (isStillMade(here, change)) return landed(entry, live, answer);
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
