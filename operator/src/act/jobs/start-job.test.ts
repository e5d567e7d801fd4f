import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Stage } from '@sentinel/crds';
import { type AnyObject, ApiError, copyOf } from '@sentinel/kube';
import { action, facts, NOW, planSpec, policies, stage } from '../../decide/decide.fixture.ts';
import { stateOf } from '../../status/conditions.ts';
import type { ActContext, Pass } from '../context.ts';
import { desiredJob, startJob } from './start-job.ts';

const settings = { image: 'own', gatewayAddress: '10.96.0.9', forbidden: '10.96.0.1:443', hostUsers: true };

it('A Job may take as long as was planned, or less where policy has become stricter since', () => {
  const secondsOf = (duration: string, stage: Stage) => {
    const given = facts(action('AwaitingApproval'), { policies: policies({ limits: { duration } }) });
    return (desiredJob(given, stage, 1, 'plan', settings).spec as { activeDeadlineSeconds: number }).activeDeadlineSeconds;
  };
  assert.deepEqual(
    (['run', 'verification', 'rehearsal'] as const).map((stage) => secondsOf('10s', stage)),
    [10, 10, 10],
  );
  assert.deepEqual([secondsOf('15m', 'run'), secondsOf('15m', 'rehearsal')], [planSpec.durationSeconds, 900]);
});

describe('A Job that exists when it should be started', () => {
  const given = facts(action('Pending'));
  const wanted = desiredJob(given, 'rehearsal', 1, undefined, settings);
  const stored = (more: { suspend?: boolean; image?: string; deletionTimestamp?: string } = {}): AnyObject => {
    const job = structuredClone(wanted);
    const { template } = job.spec as { template: { spec: { initContainers: { image: string }[] } } };
    if (more.image !== undefined) Object.assign(template.spec.initContainers[1] as object, { image: more.image });
    Object.assign(job.spec as object, { suspend: more.suspend ?? true });
    const { deletionTimestamp } = more;
    return {
      ...job,
      metadata: { ...job.metadata, uid: 'old', resourceVersion: '5', ...(deletionTimestamp ? { deletionTimestamp } : {}) },
    };
  };

  async function start(there?: AnyObject, alter: (job: AnyObject) => AnyObject = (job) => job) {
    const calls: unknown[] = [];
    let taken = there !== undefined;
    const client = {
      create: async (_: unknown, job: AnyObject) => {
        if (taken) throw new ApiError({ status: 409, reason: 'AlreadyExists', message: 'there' });
        calls.push('create');
        return alter({ ...job, metadata: { ...job.metadata, uid: 'new' } });
      },
      getOrThrow: async () => there,
      delete: async (_: unknown, __: unknown, { preconditions }: { preconditions: object }) => {
        calls.push(preconditions);
        taken = false;
        return null;
      },
    };
    const pass: Pass = { facts: given, action: given.action, draft: {}, now: NOW, afterwards: [] };
    await startJob({ client, settings: async () => settings } as unknown as ActContext, pass, 'rehearsal');
    return { calls, state: stateOf(pass.draft), uid: pass.draft.stages?.at(-1)?.uid, releases: pass.afterwards.length };
  }

  it('is taken when it is what is wanted: the pass before did not come to record it', async () => {
    assert.deepEqual(await start(stored()), { calls: [], state: 'Rehearsing', uid: 'old', releases: 1 });
  });

  it('makes room when it is still suspended and another is wanted: the action was edited since', async () => {
    const made = await start(stored({ image: 'before the edit' }));
    assert.deepEqual(made.calls, [{ uid: 'old', resourceVersion: '5' }, 'create']);
    assert.deepEqual([made.state, made.uid, made.releases], ['Rehearsing', 'new', 1]);
  });

  it('is not taken when it is being deleted', async () => {
    await assert.rejects(start(stored({ deletionTimestamp: 'now' })), /is being deleted/);
  });

  it('is deleted when it was altered on its way, also when it was released by that', async () => {
    const made = await start(undefined, (job) => ({ ...job, spec: { ...(job.spec as object), suspend: false } }));
    assert.deepEqual(made.calls, ['create', { uid: 'new' }]);
    assert.deepEqual([made.state, made.uid, made.releases], ['RehearsalFailed', undefined, 0]);
  });

  it('is started again where it was a verification, which says nothing about the run, and fails in the end', async () => {
    const refuse = async (attempt: number) => {
      const earlier = Array.from({ length: attempt - 1 }, (_, index) =>
        stage('verification', { attempt: index + 1, outcome: 'Failed' }),
      );
      const of = action('Verifying', { stages: [stage('run', { outcome: 'Succeeded' }), ...earlier] });
      const client = {
        create: async (_: unknown, job: AnyObject) => ({ ...job, metadata: { ...job.metadata, uid: 'new' }, spec: {} }),
        delete: async () => null,
      };
      const pass: Pass = { facts: facts(of), action: of, draft: copyOf(of.status ?? {}), now: NOW, afterwards: [] };
      await startJob({ client, settings: async () => settings } as unknown as ActContext, pass, 'verification');
      const said = pass.draft.conditions?.find(({ type }) => type === 'Succeeded')?.message ?? '';
      return { state: stateOf(pass.draft), said, last: pass.draft.stages?.at(-1) };
    };
    const first = await refuse(1);
    assert.equal(first.state, 'Verifying');
    assert.match(
      first.said,
      /verification 1 of at most 6 did not run, and is started again in 15 s: the Job was altered on its way/,
    );
    assert.partialDeepStrictEqual(first.last, { stage: 'verification', attempt: 1, outcome: 'Failed', uid: 'new' });
    const last = await refuse(6);
    assert.equal(last.state, 'RollingBack');
    assert.match(last.said, /verification failed: the Job was altered on its way/);
  });

  it('is compared also when it runs already', async () => {
    assert.deepEqual(await start(stored({ suspend: false })), { calls: [], state: 'Rehearsing', uid: 'old', releases: 0 });
    const made = await start(stored({ suspend: false, image: 'another' }));
    assert.deepEqual([made.calls, made.state, made.uid], [[{ uid: 'old' }], 'RehearsalFailed', undefined]);
  });
});
