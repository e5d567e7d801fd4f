import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  actionPlans,
  annotations,
  clusterAgentPolicies,
  type Playbook,
  playbooks,
  SCHEDULE_USER,
  type State,
} from '@sentinel/crds';
import type { KubeClient } from '@sentinel/kube';
import { action, NOW, plan, planSpec, playbook, playbookSpec } from '../decide/decide.fixture.ts';
import { editorsOf } from './editors.ts';
import { gatherLive } from './gather.ts';

const pinned = { ...plan, spec: { ...planSpec, playbook: { ...planSpec.playbook, spec: playbookSpec } } };

async function gather(state: State, live: Playbook | null, of = action(state)) {
  const client = {
    get: async (kind: unknown) => (kind === actionPlans ? pinned : kind === playbooks ? live : null),
    list: async () => ({ items: [], resourceVersion: '1' }),
    subjectAccessReview: async () => ({ allowed: true }),
  } as unknown as KubeClient;
  const gateway = { lock: async () => undefined, storage: async () => undefined };
  const programs = { gateway, guards: [], evidenceFault: async () => undefined };
  return await gatherLive(client, programs, of, undefined, [], NOW);
}
const found = async (state: State, live: Playbook | null) => (await gather(state, live)).playbook;

describe('The facts of an action whose Playbook lost its checks', () => {
  const { verify: _, ...unchecked } = playbookSpec;
  const weaker = { ...playbook, spec: unchecked };

  it('hold the checks that were approved from the start on, also when the Playbook is deleted', async () => {
    for (const state of ['Running', 'Verifying', 'RollingBack'] as const)
      for (const live of [weaker, null]) assert.deepEqual((await found(state, live))?.spec.verify, playbookSpec.verify);
  });

  it('hold the live Playbook before the start, which then is found to differ', async () => {
    assert.equal((await found('Rehearsing', weaker))?.spec.verify, undefined);
    assert.equal(await found('Rehearsing', null), undefined);
  });
});

describe('Who counts like an editor of an action', () => {
  const stamp = (user: string, uid = '', groups: string[] = []) => JSON.stringify({ user, uid, groups });
  const trust = { playbook: 'p', digest: 'd', user: 'tess', uid: '9', groups: ['admins'], time: '', key: '', seal: '' };
  const stamps = { [annotations.authors]: stamp('tom', '8'), [annotations.trust]: JSON.stringify(trust) };
  const editors = async (requester: string, amendedBy = '') => {
    const of = action('AwaitingApproval');
    const own = { [annotations.requestedBy]: stamp(requester), [annotations.amendedBy]: amendedBy };
    const live = { ...playbook, metadata: { ...playbook.metadata, annotations: stamps } };
    const stamped = { ...of, metadata: { ...of.metadata, annotations: { ...of.metadata.annotations, ...own } } };
    return editorsOf(await gather('AwaitingApproval', live, stamped));
  };

  it('are the authors of the Playbook and who trusted it, with uid and groups, if a schedule filed the action', async () =>
    assert.deepEqual(await editors(SCHEDULE_USER, stamp('eve')), [
      { user: 'eve', uid: '', groups: [] },
      { user: 'tom', uid: '8', groups: [] },
      { user: 'tess', uid: '9', groups: ['admins'] },
    ]));

  it('are those who amended it if somebody else filed it', async () =>
    assert.deepEqual(await editors('agent', stamp('eve')), [{ user: 'eve', uid: '', groups: [] }]));

  it('are unknown when one cannot be read', async () => assert.equal(await editors(SCHEDULE_USER, '{}'), undefined));
});

describe('Whether the evidence store takes evidence', () => {
  const floor = (required: boolean) => ({
    apiVersion: 'sentinel.dev/v1alpha1',
    kind: 'ClusterAgentPolicy',
    metadata: { name: 'floor' },
    spec: { evidence: { required } },
  });
  const ask = async (state: State, required: boolean, fault?: string) => {
    const client = {
      get: async () => null,
      list: async (kind: unknown) => ({ items: kind === clusterAgentPolicies ? [floor(required)] : [], resourceVersion: '1' }),
    } as unknown as KubeClient;
    const asked: string[] = [];
    const programs = {
      gateway: { lock: async () => undefined, storage: async () => undefined },
      guards: [],
      evidenceFault: async (namespace: string) => {
        asked.push(namespace);
        return fault;
      },
    };
    const { evidence } = await gatherLive(client, programs, action(state), undefined, [], NOW);
    return { asked, evidence };
  };

  it('is asked before a start where policy requires it, and not else', async () => {
    assert.deepEqual(await ask('AwaitingApproval', true), { asked: ['shop'], evidence: 'Ready' });
    assert.deepEqual((await ask('Starting', true, 'it is full')).evidence, { fault: 'it is full' });
    for (const [state, required] of [
      ['AwaitingApproval', false],
      ['Running', true],
    ] as const)
      assert.deepEqual(await ask(state, required), { asked: [], evidence: undefined });
  });
});
