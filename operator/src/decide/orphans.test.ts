import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type AgentAction, agentActions, finalStates, type Stage, type State } from '@sentinel/crds';
import { type AnyObject, ApiError } from '@sentinel/kube';
import { jobName, sandboxJob } from '@sentinel/policy';
import { deleteOrphans } from '../act/jobs/delete-orphans.ts';
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

  it('is not one while the next pass may still start it', () => {
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
  const conflict = () => new ApiError({ status: 409, reason: 'Conflict', message: 'changed' });
  const run = async (live: AgentAction | null, errors: Error[] = [], later: AnyObject | null = null) => {
    const deleted: unknown[] = [];
    const client = {
      get: async (kind: unknown) => (kind === agentActions ? live : later),
      delete: async (_: unknown, key: unknown, options: unknown) => {
        deleted.push([key, options]);
        const error = errors.shift();
        if (error) throw error;
        return null;
      },
    };
    await deleteOrphans(client as never, 'shop/a', [job()]);
    return deleted;
  };
  const as = (resourceVersion: string) => [
    { name: jobName('u', 'rehearsal', 1, undefined), namespace: 'sentinel-sandboxes' },
    { preconditions: { uid: 'j', resourceVersion }, propagationPolicy: 'Background' },
  ];
  const newer = (more: Given = {}) => ({ ...job(more), metadata: { ...job(more).metadata, resourceVersion: '8' } });

  it('by what the API server says of their action, and only as they were seen', async () => {
    assert.deepEqual(await run(action('Cancelled')), [as('7')]);
    assert.deepEqual(await run(null), [as('7')]);
    assert.deepEqual(await run(recorded('Rehearsing')), []);
  });

  it('and are judged again when they changed meanwhile', async () => {
    assert.deepEqual(await run(null, [conflict()], newer()), [as('7'), as('8')]);
    assert.deepEqual(await run(null, [conflict()], newer({ released: true })), [as('7')]);
    assert.deepEqual(await run(null, [conflict()], null), [as('7')]);
  });

  it('or tried again later when the API server does not answer', async () => {
    await assert.rejects(run(null, [new Error('no answer')]));
  });
});
