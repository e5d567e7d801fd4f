import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PlannedRollback } from '@sentinel/crds';
import { newRecording } from '../rehearse/recording.ts';
import type { Run } from '../run/run.ts';
import { patched } from './entry.fixture.ts';
import { serveUndo, type UndoContext } from './serve-undo.ts';

const web = (replicas: number) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', uid: 'u', resourceVersion: '9' },
  spec: { replicas },
});
const [before, after] = [web(1), web(3)];
const entry = patched(before, after);

const REFUSED = 'Widget "w" is invalid: spec.password: Invalid value: "hunter2": should match';

/** A run of an action that undoes another one, whose only effect was to scale `web` from 1 to 3. */
function scene({ live = after, approved }: { readonly live?: object; readonly approved?: Partial<PlannedRollback> } = {}) {
  const source = { name: 'a', uid: 'x' };
  const written: unknown[] = [];
  const context = {
    upstream: { send: async () => ({ status: 200, body: Buffer.from(JSON.stringify(live)) }) },
    ledger: {
      claimOfRun: async () => ({ job: 'source', action: { namespace: 'shop', ...source }, account: 'fixer' }),
      entry: async (job: string, index: number) => (job === 'source' && index === 0 ? entry : undefined),
      entries: async () => [entry],
      states: async () => [entry],
    },
    dependants: {},
    discovery: { find: async () => ({ namespaced: true, verbs: ['patch', 'get'], kind: 'Deployment', hasStatus: true }) },
    write: async (asked: unknown) => {
      written.push(asked);
      const details = { causes: [{ field: 'spec.password', message: REFUSED }] };
      const body = Buffer.from(JSON.stringify({ message: REFUSED, reason: 'Invalid', details }));
      return { status: 422, body, contentType: 'application/json' };
    },
  } as unknown as UndoContext;
  const run = {
    jobUid: 'own',
    namespace: 'shop',
    account: 'fixer',
    stage: approved ? 'run' : 'rehearsal',
    mayWrite: true,
    recording: newRecording('shop'),
    undoing: { source, ...(approved ? { approved: { ...source, undoes: [], ...approved } } : {}) },
  } as unknown as Run;
  const ask = async (method: string, path: string): Promise<Record<string, unknown>> =>
    JSON.parse((await serveUndo(context, run, { method, url: `/sentinel/v1/undo${path}` })).body.toString('utf8'));
  return { run, written, ask };
}

describe('The rehearsal of a rollback', () => {
  it('knows which effects it must ask for, and which are as before already', async () => {
    const { run, ask } = scene({ live: web(1) });
    assert.deepEqual(await ask('GET', ''), { effects: [0] });
    assert.deepEqual(run.recording.undone.all, [0]);
    for (let again = 0; again < 2; again += 1) assert.equal((await ask('POST', '/effects/0')).outcome, 'Unchanged');
    assert.deepEqual(run.recording.undone.unchanged, [0]);
  });

  it('says which field the API server refuses, and no value of the object', async () => {
    const { run, ask } = scene();
    const answer = await ask('POST', '/effects/0');
    assert.equal(answer.outcome, 'Left');
    assert.equal(run.recording.undone.left[0]?.why, 'the API server refuses it (HTTP 422, Invalid: spec.password)');
    assert.doesNotMatch(JSON.stringify([answer, run.recording.undone.left]), /hunter2/);
  });
});

describe('The run of a rollback', () => {
  const drifted = (promise: Promise<unknown>, why: RegExp) =>
    assert.rejects(
      promise,
      (error: { code?: string; message: string }) => error.code === 'RollbackDrifted' && why.test(error.message),
    );

  it('refuses an effect that its plan does not know: all of it would count as undone', async () => {
    const { ask, written } = scene({ approved: { undoes: [5] } });
    await drifted(ask('POST', '/effects/0'), /the plan has no write that undoes it/);
    assert.deepEqual(written, []);
  });

  it('leaves what its plan leaves', async () => {
    const { ask } = scene({ approved: { left: [{ effect: 0, object: 'web', why: 'others changed it' }] } });
    assert.equal((await ask('POST', '/effects/0')).outcome, 'Left');
  });

  it('accepts that nothing was to undo only as long as that is so', async () => {
    const approved = { unchanged: [0] };
    assert.equal((await scene({ approved, live: web(1) }).ask('POST', '/effects/0')).outcome, 'Unchanged');
    await drifted(scene({ approved }).ask('POST', '/effects/0'), /the plan has no write that undoes it/);
  });
});
