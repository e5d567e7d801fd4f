import { isDeepStrictEqual } from 'node:util';
import { applyChanges, type Change, changesBetween, isStillMade, toJsonPatch } from '../effect/change.ts';
import { comparable } from '../effect/normalize.ts';
import { valueAt } from '../effect/pointer.ts';
import { asGoWrites } from '../request/as-go-writes.ts';
import type { ParsedRequest } from '../request/parse.ts';
import type { Run } from '../run/run.ts';
import type { Upstream } from '../upstream.ts';
import { refusedWith } from './refused-with.ts';
import type { Live, Refusal, Restored } from './rollback.ts';
import { ask } from './unavailable.ts';

interface Wanted {
  readonly path: string;
  readonly live: Live;
  readonly changes: readonly Change[];
  readonly request: ParsedRequest;
  readonly noteStart: () => Promise<void>;
  /** Whether the object has changed between read and write so often that its version is no precondition any more. */
  readonly isBusy: boolean;
}

/** Puts the fields of a change back, when they still are what the run made of them. */
export async function restoreFields(
  upstream: Upstream,
  run: Run,
  { path, live, changes, request, noteStart, isBusy }: Wanted,
): Promise<Restored | Refusal> {
  const now = comparable(live, request);
  if (changes.every((change) => isDeepStrictEqual(valueAt(now, change.path), change.before)))
    return { outcome: 'Unchanged', message: 'it is as it was before the run' };
  if (!isStillMade(now, changes)) {
    const foreign = changes.find(({ path, after }) => !isDeepStrictEqual(valueAt(now, path), after)) ?? changes[0];
    return { outcome: 'Skipped', message: `others changed ${foreign?.path ?? 'it'} since; it is left as it is`.slice(0, 500) };
  }
  const inverse = changes.map(({ path, before, after }) => ({ path, before: after, after: before })).reverse();
  await noteStart();
  const answer = await ask(upstream, run, {
    method: 'PATCH',
    path,
    headers: { accept: 'application/json', 'content-type': 'application/json-patch+json' },
    body: asGoWrites([...(isBusy ? testsOfFields(live, changes) : [testOf(live, VERSION)]), ...toJsonPatch(inverse)]),
  });
  // A test that fails makes the patch invalid: the object is another one than was read.
  if (answer.status === 409 || answer.status === 422) return { version: live.metadata.resourceVersion, answer };
  if (answer.status !== 200) return refusedWith(answer);
  const stored = comparable(JSON.parse(answer.body.toString('utf8')), request);
  const wanted = applyChanges(now, inverse);
  // Without its version as a precondition, others may have changed the other fields of the object in between.
  const different = isBusy
    ? changes.find((change) => !isDeepStrictEqual(valueAt(stored, change.path), valueAt(wanted, change.path)))
    : changesBetween(wanted, stored)[0];
  if (!different) return { outcome: 'Restored' };
  return {
    outcome: 'Failed',
    message:
      `its fields were written back, but the API server stored another value at ${different.path} (an admission policy or webhook?)`.slice(
        0,
        500,
      ),
  };
}

const VERSION = '/metadata/resourceVersion';

// In JSON patches of the API server, null is the absence of a field.
const testOf = (live: unknown, path: string) => ({ op: 'test', path, value: valueAt(live, path) ?? null });

/** Tests of all that the judgement rests on: the object, the changed fields, and the lists that tell which entries are meant. */
function testsOfFields(live: unknown, changes: readonly Change[]): object[] {
  const lists = changes.flatMap(({ entries = {} }) =>
    Object.keys(entries).map((entry) => entry.slice(0, entry.lastIndexOf('/'))),
  );
  const fields = changes.map(({ path }) => path);
  return [...new Set(['/metadata/uid', ...lists, ...fields])].map((path) => testOf(live, path));
}
