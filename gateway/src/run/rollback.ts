import type { AgentActionStatus } from '@sentinel/crds';
import { type Change, toJsonPatch, valueAt } from '../effect/change.ts';
import { normalize } from '../effect/normalize.ts';
import { pathOf } from '../request/parse.ts';
import type { Upstream } from '../upstream.ts';
import type { Ledger, LedgerEntry } from './ledger.ts';
import type { Run } from './run.ts';

type Outcome = NonNullable<AgentActionStatus['rollback']>[number];

/**
 * Takes back what a run has done, newest effect first, from the pre-images. Each field is restored only when it still is what
 * the run made of it, on the same object: what others changed since is reported, not overwritten. Safe to call again.
 */
export async function rollBack(upstream: Upstream, ledger: Ledger, run: Run): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const entry of (await ledger.intents(run.jobUid)).reverse()) {
    outcomes.push({ effect: entry.intent.effect.index, ...(await restore(upstream, run, entry)) });
  }
  return outcomes;
}

async function restore(upstream: Upstream, run: Run, entry: LedgerEntry): Promise<Omit<Outcome, 'effect'>> {
  const { effect, version, change } = entry.intent;
  if (effect.verb === 'delete') return { outcome: 'Skipped', message: 'a deleted object is not made anew: the plan said so' };
  const [base = '', subresource] = effect.resource.split('/');
  const path = pathOf({ version, base, subresource, api: effectAddress(effect) });
  // An apply that found no object made one.
  const made = effect.verb === 'create' || effect.uid === undefined;
  const read = await upstream.send(run, 'enforce', { method: 'GET', path, headers: { accept: 'application/json' } });
  if (read.status === 404)
    return made
      ? { outcome: 'Unchanged', message: 'the object is gone already' }
      : { outcome: 'Failed', message: 'the object is gone' };
  if (read.status !== 200) return { outcome: 'Failed', message: `the object can not be read (HTTP ${read.status})` };
  const live = JSON.parse(read.body.toString('utf8')) as { metadata: { uid: string; resourceVersion: string } };
  if (made) return await removeCreated(upstream, run, entry, path, live);
  if (live.metadata.uid !== effect.uid) return { outcome: 'Skipped', message: 'another object has its name now' };
  return await restoreFields(upstream, run, path, live, entry.result?.change ?? change, effect.resource);
}

const effectAddress = (effect: LedgerEntry['intent']['effect']) => ({
  apiGroup: effect.apiGroup,
  namespace: effect.namespace,
  name: effect.name,
});

async function restoreFields(
  upstream: Upstream,
  run: Run,
  path: string,
  live: { metadata: { resourceVersion: string } },
  changes: readonly Change[],
  resource: string,
): Promise<Omit<Outcome, 'effect'>> {
  const now = normalize(live, resource, 'patch');
  const same = (a: unknown, b: unknown) => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);
  if (changes.every((change) => same(valueAt(now, change.path), change.before)))
    return { outcome: 'Unchanged', message: 'it is as it was before the run' };
  const foreign = changes.find((change) => !same(valueAt(now, change.path), change.after));
  if (foreign) return { outcome: 'Skipped', message: `others changed ${foreign.path} since; it is left as it is` };
  // In the ledger, absence is null: a field that was not there before is removed again.
  const inverse = changes
    .map((change) => ({ path: change.path, before: change.after ?? undefined, after: change.before ?? undefined }))
    .reverse();
  const patch = [
    { op: 'test', path: '/metadata/resourceVersion', value: live.metadata.resourceVersion },
    ...toJsonPatch(inverse),
  ];
  const answer = await upstream.send(run, 'enforce', {
    method: 'PATCH',
    path,
    headers: { accept: 'application/json', 'content-type': 'application/json-patch+json' },
    body: JSON.stringify(patch),
  });
  if (answer.status === 200) return { outcome: 'Restored' };
  return { outcome: 'Failed', message: `the API server refused it (HTTP ${answer.status}): ${messageOf(answer.body)}` };
}

async function removeCreated(
  upstream: Upstream,
  run: Run,
  entry: LedgerEntry,
  path: string,
  live: { metadata: { uid: string } },
): Promise<Omit<Outcome, 'effect'>> {
  const made = entry.result?.uid;
  if (made === undefined || made !== live.metadata.uid)
    return { outcome: 'Skipped', message: 'it is not known to be the object that the run created' };
  const body = JSON.stringify({ apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid: made } });
  const answer = await upstream.send(run, 'enforce', {
    method: 'DELETE',
    path,
    headers: { accept: 'application/json', 'content-type': 'application/json' },
    body,
  });
  return answer.status < 300
    ? { outcome: 'Restored' }
    : { outcome: 'Failed', message: `the API server refused it (HTTP ${answer.status}): ${messageOf(answer.body)}` };
}

function messageOf(body: Buffer): string {
  try {
    return String((JSON.parse(body.toString('utf8')) as { message?: unknown }).message ?? '').slice(0, 300);
  } catch {
    return '';
  }
}
