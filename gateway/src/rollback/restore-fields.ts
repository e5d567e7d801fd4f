import { isDeepStrictEqual } from 'node:util';
import { applyChanges, type Change, changesBetween, toJsonPatch, valueAt } from '../effect/change.ts';
import { normalize } from '../effect/normalize.ts';
import type { Target } from '../ledger/entry.ts';
import type { Run } from '../run/run.ts';
import type { Upstream } from '../upstream.ts';
import { refusedWith } from './refused-with.ts';
import type { Live, Restored } from './rollback.ts';

interface Wanted {
  readonly path: string;
  readonly live: Live;
  readonly changes: readonly Change[];
  readonly target: Target;
  readonly noteStart: () => Promise<void>;
}

/** Puts the fields of a change back; undefined when the object changed while it was written, and must be read again. */
export async function restoreFields(
  upstream: Upstream,
  run: Run,
  { path, live, changes, target, noteStart }: Wanted,
): Promise<Restored | undefined> {
  const now = normalize(live, target.resource, 'patch');
  if (changes.every((change) => isDeepStrictEqual(valueAt(now, change.path), change.before)))
    return { outcome: 'Unchanged', message: 'it is as it was before the run' };
  const foreign = changes.find((change) => !isDeepStrictEqual(valueAt(now, change.path), change.after));
  if (foreign) return { outcome: 'Skipped', message: `others changed ${foreign.path} since; it is left as it is`.slice(0, 500) };
  const inverse = changes.map(({ path, before, after }) => ({ path, before: after, after: before })).reverse();
  await noteStart();
  const answer = await upstream.send(run, 'enforce', {
    method: 'PATCH',
    path,
    headers: { accept: 'application/json', 'content-type': 'application/json-patch+json' },
    body: JSON.stringify([
      { op: 'test', path: '/metadata/resourceVersion', value: live.metadata.resourceVersion },
      ...toJsonPatch(inverse),
    ]),
  });
  // A test that fails makes the patch invalid: the object is another one than was read.
  if (answer.status === 409 || answer.status === 422) return undefined;
  if (answer.status !== 200) return refusedWith(answer);
  const stored = normalize(JSON.parse(answer.body.toString('utf8')), target.resource, 'patch');
  const [different] = changesBetween(applyChanges(now, inverse), stored);
  if (!different) return { outcome: 'Restored' };
  return {
    outcome: 'Failed',
    message:
      `it was restored, but the API server stored another value at ${different.path} (an admission policy or webhook?)`.slice(
        0,
        500,
      ),
  };
}
