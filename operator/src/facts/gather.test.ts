import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { actionPlans, type Playbook, playbooks, type State } from '@sentinel/crds';
import type { KubeClient } from '@sentinel/kube';
import { action, NOW, plan, planSpec, playbook, playbookSpec } from '../decide/decide.fixture.ts';
import { gatherLive } from './gather.ts';

const pinned = { ...plan, spec: { ...planSpec, playbook: { ...planSpec.playbook, spec: playbookSpec } } };

async function found(state: State, live: Playbook | null) {
  const client = {
    get: async (kind: unknown) => (kind === actionPlans ? pinned : kind === playbooks ? live : null),
    list: async () => ({ items: [], resourceVersion: '1' }),
  } as unknown as KubeClient;
  const gateway = { lock: async () => undefined, storage: async () => undefined };
  return (await gatherLive(client, gateway, action(state), undefined, [], NOW)).playbook;
}

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
