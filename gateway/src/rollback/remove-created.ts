import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { attachedByOthers, type Owned } from '../dependants/cascade.ts';
import type { Dependants } from '../dependants/dependants.ts';
import { nameOf } from '../dependants/group.ts';
import { AT_MOST } from '../dependants/read-owned.ts';
import { applyChanges, changesBetween } from '../effect/change.ts';
import { changeOf, type Entry } from '../ledger/entry.ts';
import { isControlled } from '../object/controlled-fields.ts';
import { assignedPaths, resultAs } from '../object/normalize.ts';
import { readAs } from '../request/read-answer.ts';
import type { Run } from '../run/run.ts';
import type { Upstream } from '../upstream.ts';
import type { Live, Refusal, Restored } from './outcome.ts';
import { refusedWith } from './refused-with.ts';
import { ask, Unavailable } from './unavailable.ts';

/** A created object as it is now, and how its removal is noted. */
interface Created {
  readonly entry: Entry;
  readonly path: string;
  readonly live: Live;
  readonly noteStart: () => Promise<void>;
}

/** Deletes an object that the run created, unless others have changed it, or attached objects to it, since. */
export async function removeCreated(
  { upstream, dependants }: { readonly upstream: Upstream; readonly dependants: Pick<Dependants, 'below'> },
  run: Run,
  { entry, path, live, noteStart }: Created,
): Promise<Restored | Refusal> {
  const made = entry.stored?.uid;
  if (made === undefined || made !== live.metadata.uid)
    return { outcome: 'Skipped', message: 'the object is not known to be the one that the run created' };
  const foreign = changedSince(entry, live);
  if (foreign !== undefined)
    return {
      outcome: 'Skipped',
      message: `others changed ${foreign} of the created object since; it is left as it is`.slice(0, 500),
    };
  const attached = await whyAttached(dependants, run, entry, made);
  if (attached !== undefined) return { outcome: 'Skipped', message: attached.slice(0, 500) };
  await noteStart();
  const preconditions = { uid: made, resourceVersion: live.metadata.resourceVersion };
  const answer = await ask(upstream, run, {
    method: 'DELETE',
    path,
    headers: { accept: 'application/json', 'content-type': 'application/json' },
    body: JSON.stringify({ apiVersion: 'v1', kind: 'DeleteOptions', preconditions, propagationPolicy: 'Background' }),
  });
  if (answer.status === 409) return { version: live.metadata.resourceVersion, answer };
  if (answer.status === 404) return { outcome: 'Restored' };
  return answer.status < 300 ? await waitUntilGone(upstream, run, path, made) : refusedWith(answer);
}

/**
 * Why the deletion of a created object would delete what others attached to it; undefined if it would not. What its controllers made is
 * deleted with it. `latest` as for `Dependants.below`. Throws Unavailable where a list failed, because the next attempt may list it.
 */
export async function whyAttached(
  dependants: Pick<Dependants, 'below'>,
  run: Run,
  { target: { namespace } }: Entry,
  uid: string,
  as: 'rehearsal' | 'enforce' = 'enforce',
  latest?: (owned: Owned) => Owned | undefined,
): Promise<string | undefined> {
  const found = await dependants.below(run, as, { namespace, uid }, latest);
  if (found.isFaulty) throw new Unavailable(`its dependants are not known: ${found.incomplete.join('; ')}`);
  const [first, ...more] = attachedByOthers(uid, found.dependants);
  if (first) {
    const others = more.length === 0 ? '' : ` and ${more.length} more`;
    return `others attached ${first.kind} '${nameOf(first, namespace)}'${others} to the created object since, by owner references, and would lose it; it is left as it is. Delete it by hand when all of that may go`;
  }
  const bound = found.incomplete.find((doubt) => doubt.startsWith(AT_MOST));
  return bound === undefined
    ? undefined
    : `what others attached to the created object since is not known: ${bound}; it is left as it is`;
}

const Remaining = z.object({ metadata: z.object({ uid: z.string(), finalizers: z.array(z.string()).optional() }) });

const LOOKS = 10;
const PAUSE_MS = 300;

// Finalizers can keep an object although its deletion was accepted: then it still exists, and that is reported.
async function waitUntilGone(upstream: Upstream, run: Run, path: string, uid: string): Promise<Restored> {
  let finalizers: readonly string[] = [];
  let refused: number | undefined;
  for (let look = 1; look <= LOOKS; look++) {
    const read = await ask(upstream, run, { method: 'GET', path, headers: { accept: 'application/json' } });
    if (read.status === 404) return { outcome: 'Restored' };
    refused = read.status === 200 ? undefined : read.status;
    // The Status of an error has no uid, which says nothing of the object.
    if (refused === undefined) {
      const { metadata } = readAs(Remaining, read.body, 'an object with a uid');
      if (metadata.uid !== uid) return { outcome: 'Restored' };
      finalizers = metadata.finalizers ?? [];
    }
    await sleep(PAUSE_MS);
  }
  if (refused !== undefined)
    return { outcome: 'Failed', message: `its deletion was accepted, but the object could not be fetched (HTTP ${refused})` };
  const why = finalizers.length === 0 ? 'it is still there' : `its finalizers keep it: ${finalizers.join(', ')}`;
  return { outcome: 'Failed', message: `its deletion was accepted, but ${why}`.slice(0, 500) };
}

/** The first field in which the object differs from what the run created, apart from what controllers write. */
export function changedSince(entry: Entry, live: Live): string | undefined {
  const request = entry.sending?.request;
  if (!request) return 'something';
  const created = applyChanges(undefined, changeOf(entry));
  const here = resultAs(request, undefined, live, assignedPaths(request, undefined, live));
  return changesBetween(fields(created), fields(here))
    .flatMap(({ path, before, after }) =>
      before === undefined || after === undefined ? [...leaves(path, after ?? before)] : [path],
    )
    .find((path) => !isControlled(path, request.api.apiGroup, request.base));
}

// Maps that do not exist and maps that are empty mean the same.
function fields(object: unknown): unknown {
  const { metadata, ...rest } = (object ?? {}) as { metadata?: object };
  return { metadata: { annotations: {}, labels: {}, ...metadata }, ...rest };
}

function* leaves(path: string, value: unknown): Generator<string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || Object.keys(value).length === 0) return yield path;
  for (const [key, entry] of Object.entries(value))
    yield* leaves(`${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`, entry);
}
