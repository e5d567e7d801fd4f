import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type AgentAction, finalStates, type Stage, type State } from '@sentinel/crds';
import { type AnyObject, ApiError } from '@sentinel/kube';
import { deleteOrphans } from '../act/delete-orphans.ts';
import { sandboxJob } from '../sandbox/job.ts';
import { jobName } from '../sandbox/names.ts';
import { action, planDigest, playbookSpec, stage } from './decide.fixture.ts';
import { orphanedJobs } from './orphans.ts';

interface Given {
  readonly at?: Stage;
  readonly attempt?: number;
  readonly plan?: string;
  readonly uid?: string;
  readonly released?: boolean;
  readonly deleted?: boolean;
}

function job({ at = 'rehearsal', attempt = 1, plan, uid = 'u', released, deleted }: Given = {}): AnyObject {
  const made = sandboxJob({
    name: jobName(uid, at, attempt, plan),
    stage: at,
    action: { name: 'a', namespace: 'shop', uid },
    sandbox: playbookSpec.sandbox,
    steps: playbookSpec.steps,
    seconds: 60,
    settings: { image: 'own', gatewayAddress: '10.96.0.9', forbidden: '10.96.0.1:443', hostUsers: false },
  });
  return {
    ...made,
    metadata: { ...made.metadata, uid: 'j', resourceVersion: '7', ...(deleted ? { deletionTimestamp: 'now' } : {}) },
    spec: { ...(made.spec as object), suspend: !released },
  };
}

const count = (one: AnyObject, of: AgentAction | undefined) => orphanedJobs([one], of).length;
const recorded = (state: State) => action(state, { stages: [stage('rehearsal', { uid: 'j' })] });

describe('A suspended Job that its action does not name', () => {
  for (const state of finalStates)
    it(`is an orphan when the action has ended as ${state}`, () => {
      assert.equal(count(job(), action(state)), 1);
      assert.equal(count(job({ at: 'run', plan: planDigest }), action(state)), 1);
      assert.equal(count(job(), recorded(state)), 1);
    });

  it('is an orphan when its action is gone, or another one has its name', () => {
    assert.equal(count(job(), undefined), 1);
    assert.equal(count(job({ uid: 'before' }), action('Pending')), 1);
  });

  it('is none while the next pass may still start it', () => {
    const first = { ...action('Pending'), status: {} };
    assert.equal(count(job(), first), 0);
    assert.equal(count(job({ at: 'run', plan: planDigest }), action('AwaitingApproval')), 0);
    assert.equal(count(job({ at: 'verification', plan: planDigest }), action('Verifying')), 0);
  });

  it('is an orphan when no pass will start it any more', () => {
    const second = { ...action('Rehearsing'), status: { ...action('Rehearsing').status, attempt: 1 } };
    assert.equal(count(job({ attempt: 1 }), second), 1);
    assert.equal(count(job({ attempt: 2 }), second), 0);
    assert.equal(count(job({ at: 'run', plan: 'sha256:earlier' }), second), 1);
  });
});

describe('A Job is no orphan', () => {
  it('when its action names it', () => {
    assert.equal(count(job(), recorded('Rehearsing')), 0);
  });
  it('when it was released: it has run, and is kept for its time', () => {
    assert.equal(count(job({ released: true }), action('Cancelled')), 0);
    assert.equal(count(job({ released: true }), undefined), 0);
  });
  it('when it is being deleted', () => assert.equal(count(job({ deleted: true }), undefined), 0));
  it('when it carries no uid of an action', () => {
    const bare = job();
    assert.equal(count({ ...bare, metadata: { ...bare.metadata, labels: {} } }, undefined), 0);
  });
});

describe('Orphans are deleted', () => {
  const run = async (live: AgentAction | null, error?: Error) => {
    const deleted: unknown[] = [];
    const client = {
      get: async () => live,
      delete: async (_: unknown, key: unknown, options: unknown) => {
        deleted.push([key, options]);
        if (error) throw error;
        return null;
      },
    };
    await deleteOrphans(client as never, 'shop/a', [job()]);
    return deleted;
  };

  it('by what the API server says of their action, and only as they were seen', async () => {
    assert.deepEqual(await run(action('Cancelled')), [
      [
        { name: jobName('u', 'rehearsal', 1, undefined), namespace: 'sentinel-sandboxes' },
        { preconditions: { uid: 'j', resourceVersion: '7' }, propagationPolicy: 'Background' },
      ],
    ]);
    assert.equal((await run(null)).length, 1);
    assert.deepEqual(await run(recorded('Rehearsing')), []);
  });

  it('and one that changed meanwhile is left to its next event', async () => {
    assert.equal((await run(null, new ApiError({ status: 409, reason: 'Conflict', message: 'changed' }))).length, 1);
    await assert.rejects(run(null, new Error('no answer')));
  });
});
