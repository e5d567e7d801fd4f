import { isDeepStrictEqual } from 'node:util';
import { valueAt } from '../effect/change.ts';
import { normalize } from '../effect/normalize.ts';
import type { Answer } from '../effect/observe.ts';
import type { Entry, Stored, Target } from '../ledger/entry.ts';
import { pathOf } from '../request/parse.ts';
import type { Run } from '../run/run.ts';
import type { Upstream } from '../upstream.ts';

/** What the live object says of a write whose answer was lost. */
export type Found =
  | { readonly kind: 'landed'; readonly stored: Stored; readonly answer: Answer }
  | { readonly kind: 'not-landed' }
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
      : { kind: 'not-landed' };
  }
  if (live === undefined)
    return target.uid === undefined ? { kind: 'not-landed' } : { kind: 'unclear', why: 'the object is gone' };
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
function created({ sending, since, target }: Entry, live: Live, answer: Answer): Found {
  const wanted = sending?.change.find(({ path }) => path === '')?.after;
  const here = normalize(live, target.resource, target.verb);
  const made = Date.parse(live.metadata.creationTimestamp ?? '');
  if (made + CLOCK_SKEW_MS >= since && isDeepStrictEqual(here, wanted)) return landed(live, answer);
  if (made + CLOCK_SKEW_MS < since) return { kind: 'not-landed' };
  return { kind: 'unclear', why: 'an object of this name was created in the meantime and has other content' };
}

function changed({ sending, target }: Entry, live: Live, answer: Answer): Found {
  const here = normalize(live, target.resource, target.verb);
  const changes = sending?.change ?? [];
  if (changes.every(({ path, after }) => isDeepStrictEqual(valueAt(here, path), after))) return landed(live, answer);
  if (changes.every(({ path, before }) => isDeepStrictEqual(valueAt(here, path), before))) return { kind: 'not-landed' };
  return { kind: 'unclear', why: 'the object shows neither the state before the write nor the state after it' };
}

const landed = ({ metadata }: Live, answer: Answer): Found => ({
  kind: 'landed',
  stored: { uid: metadata.uid, resourceVersion: metadata.resourceVersion },
  answer,
});
