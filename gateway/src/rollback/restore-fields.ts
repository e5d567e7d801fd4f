import { isDeepStrictEqual } from 'node:util';
import type { TransportResponse } from '@sentinel/kube';
import { applyChanges, type Change, isStillMade, toJsonPatch } from '../effect/change.ts';
import { comparable } from '../object/normalize.ts';
import { valueAt } from '../object/pointer.ts';
import { asGoWrites } from '../request/as-go-writes.ts';
import type { ParsedRequest } from '../request/parse.ts';
import { readObject } from '../request/read-answer.ts';
import type { Run } from '../run/run.ts';
import type { Upstream } from '../upstream.ts';
import { inverseOf, notRestored } from './inverse.ts';
import type { Live, Refusal, Restored } from './outcome.ts';
import { refusedWith } from './refused-with.ts';
import { ask } from './unavailable.ts';

interface Wanted {
  readonly path: string;
  readonly live: Live;
  readonly changes: readonly Change[];
  /** The object before the run. */
  readonly preImage: unknown;
  readonly request: ParsedRequest;
  readonly noteStart: () => Promise<void>;
  /** Whether the object changed so often between read and write that its resourceVersion is no longer used as a precondition. */
  readonly isBusy: boolean;
}

/** Restores the fields of a change if they still have the values of the run. */
export async function restoreFields(
  upstream: Upstream,
  run: Run,
  { path, live, changes, preImage, request, noteStart, isBusy }: Wanted,
): Promise<Restored | Refusal> {
  const now = comparable(live, request);
  if (changes.every((change) => isDeepStrictEqual(valueAt(now, change.path), change.before)))
    return { outcome: 'Unchanged', message: 'it is as it was before the run' };
  if (!isStillMade(now, changes)) {
    const foreign = changes.find(({ path, after }) => !isDeepStrictEqual(valueAt(now, path), after)) ?? changes[0];
    return { outcome: 'Skipped', message: `others changed ${foreign?.path ?? 'it'} since; it is left as it is`.slice(0, 500) };
  }
  const inverse = inverseOf(now, changes, preImage);
  await noteStart();
  const patched = await ask(upstream, run, {
    method: 'PATCH',
    path,
    headers: { accept: 'application/json', 'content-type': 'application/json-patch+json' },
    body: asGoWrites([...(isBusy ? testsOfFields(live, changes) : [testOf(live, VERSION)]), ...toJsonPatch(inverse)]),
  });
  // An account that updated the object may have no right to patch it.
  const isReplaced = patched.status === 403 && request.api.verb === 'update';
  const answer = isReplaced ? await replace(upstream, run, path, applyChanges(live, inverse)) : patched;
  // A test that fails makes the patch invalid: the object is another one than was read.
  if (answer.status === 409 || answer.status === 422) return { version: live.metadata.resourceVersion, answer };
  if (answer.status !== 200) return refusedWith(answer);
  const stored = comparable(readObject(answer.body), request);
  const wanted = applyChanges(now, inverse);
  // Without its version as a precondition, others may have changed the other fields of the object in between.
  const different = notRestored({ stored, wanted, preImage, changes, isBusy: isBusy && !isReplaced });
  if (different === undefined) return { outcome: 'Restored' };
  return {
    outcome: 'Failed',
    message:
      `its fields were written back, but the API server stored another value at ${different} (an admission policy or webhook?)`.slice(
        0,
        500,
      ),
  };
}

// Its uid and resourceVersion, as they were read, are the precondition.
const replace = (upstream: Upstream, run: Run, path: string, object: unknown): Promise<TransportResponse> =>
  ask(upstream, run, {
    method: 'PUT',
    path,
    headers: { accept: 'application/json', 'content-type': 'application/json' },
    body: JSON.stringify(object),
  });

const VERSION = '/metadata/resourceVersion';

// In JSON patches of the API server, null is the absence of a field.
const testOf = (live: unknown, path: string) => ({ op: 'test', path, value: valueAt(live, path) ?? null });

/** JSON patch tests of everything that the decision depends on: the object, the changed fields, and the lists whose order identifies entries. */
function testsOfFields(live: unknown, changes: readonly Change[]): object[] {
  const lists = changes.flatMap(({ entries = {} }) =>
    Object.keys(entries).map((entry) => entry.slice(0, entry.lastIndexOf('/'))),
  );
  const fields = changes.map(({ path }) => path);
  return [...new Set(['/metadata/uid', ...lists, ...fields])].map((path) => testOf(live, path));
}
