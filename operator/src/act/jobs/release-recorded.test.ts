import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Stage } from '@sentinel/crds';
import { type AnyObject, ApiError, copyOf } from '@sentinel/kube';
import { action, facts, NOW, stage } from '../../decide/decide.fixture.ts';
import { stateOf } from '../../status/conditions.ts';
import type { ActContext, Pass } from '../context.ts';
import { releaseRecorded } from './release-recorded.ts';
import { desiredJob } from './start-job.ts';

const settings = { image: 'own', gatewayAddress: '10.96.0.9', forbidden: '10.96.0.1:443', hostUsers: true };
const states = { rehearsal: 'Rehearsing', run: 'Running', verification: 'Verifying' } as const;

/** Releases the Job of a stage, which an API server refuses unless it is of generation 1; `alter` says what happened to it. */
async function release(of: Stage, alter: (job: AnyObject) => AnyObject) {
  const current = stage(of);
  const given = facts(action(states[of], { stages: [current] }), { stage: current });
  const made = desiredJob(given, of, current.attempt, current.plan, settings);
  const job = alter({ ...made, metadata: { ...made.metadata, uid: current.uid, generation: 1 } });
  const calls: string[] = [];
  const client = {
    get: async () => job,
    patch: async () => {
      if (job.metadata.generation !== 1) throw new ApiError({ status: 422, reason: 'Invalid', message: 'the test failed' });
      calls.push('release');
      return job;
    },
    delete: async (_: unknown, __: unknown, { preconditions }: { preconditions: { uid: string } }) => {
      calls.push(`delete ${preconditions.uid}`);
      return null;
    },
  };
  const pass: Pass = { facts: given, action: given.action, draft: copyOf(given.action.status ?? {}), now: NOW, afterwards: [] };
  await releaseRecorded({ client, settings: async () => settings } as unknown as ActContext, pass);
  const before = [...calls];
  for (const follow of pass.afterwards) await follow();
  const said = pass.draft.conditions?.find(({ type }) => type === 'Succeeded')?.message ?? '';
  return { state: stateOf(pass.draft), said, before, calls, last: pass.draft.stages?.at(-1), uid: current.uid };
}

const withImage = (job: AnyObject): AnyObject => {
  const altered = structuredClone(job);
  const { template } = altered.spec as { template: { spec: { initContainers: { image: string }[] } } };
  Object.assign(template.spec.initContainers[1] as object, { image: 'evil' });
  return { ...altered, metadata: { ...altered.metadata, generation: 2 } };
};

describe('A Job that is recorded and still suspended', () => {
  it('is released', async () => {
    const { calls, state, last } = await release('run', (job) => job);
    assert.deepEqual([calls, state, last?.outcome], [['release'], 'Running', undefined]);
  });

  it('is left alone when it is another one of its name, or was released meanwhile', async () => {
    const another = await release('run', (job) => ({ ...job, metadata: { ...job.metadata, uid: 'another' } }));
    const released = await release('run', (job) => ({ ...job, spec: { ...(job.spec as object), suspend: false } }));
    assert.deepEqual([another.calls, released.calls], [[], []]);
  });

  const ends: Record<'rehearsal' | 'run', string> = { rehearsal: 'RehearsalFailed', run: 'RunFailed' };
  for (const [of, wanted] of Object.entries(ends) as ['rehearsal' | 'run', string][])
    it(`ends a ${of} when it was altered: the status says in what, and it is deleted once that is stored`, async () => {
      const { state, said, before, calls, last, uid } = await release(of, withImage);
      assert.equal(state, wanted);
      assert.match(said, /the Job was altered while it was suspended, so it was never released: .*evil.*Exempt the namespace/);
      assert.partialDeepStrictEqual(last, { uid, outcome: 'Failed' });
      assert.deepEqual([before, calls], [[], [`delete ${uid}`]]);
    });

  it('is not released either when it was altered and altered back', async () => {
    const { state, said } = await release('run', (job) => ({ ...job, metadata: { ...job.metadata, generation: 3 } }));
    assert.equal(state, 'RunFailed');
    assert.match(said, /its generation is 3/);
  });

  it('starts a verification again, which says nothing about the run', async () => {
    const { state, said, last } = await release('verification', withImage);
    assert.equal(state, 'Verifying');
    assert.match(said, /did not run, and is started again in 15 s: the Job was altered while it was suspended/);
    assert.equal(last?.outcome, 'Failed');
  });
});
