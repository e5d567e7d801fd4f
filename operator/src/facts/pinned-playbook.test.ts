import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type AgentAction, digestOf, type Playbook, type State } from '@sentinel/crds';
import { adHocPlaybook } from '@sentinel/policy';
import { action, plan, planSpec, playbook, playbookSpec } from '../decide/decide.fixture.ts';
import { playbookInForce } from './pinned-playbook.ts';

const { verify: _, ...weaker } = playbookSpec;
const edited: Playbook = { ...playbook, spec: weaker };
const withCopy = (spec: Playbook['spec']) => ({
  ...plan,
  spec: { ...planSpec, playbook: { ...planSpec.playbook, spec } },
});
const pinned = withCopy(playbookSpec);

describe('The Playbook in force', () => {
  for (const state of ['Pending', 'Rehearsing', 'AwaitingApproval', 'Starting', 'Suspended'] as State[])
    it(`is the live one in ${state}`, () => {
      assert.equal(playbookInForce(action(state), pinned, edited), edited);
      assert.equal(playbookInForce(action(state), pinned, undefined), undefined);
    });

  for (const state of ['Running', 'Verifying', 'RollingBack'] as State[]) {
    it(`is the copy of the plan in ${state}, whatever becomes of the live one`, () => {
      for (const live of [playbook, edited, undefined]) {
        const found = playbookInForce(action(state), pinned, live);
        assert.deepEqual(found?.spec, playbookSpec);
        assert.deepEqual([found?.metadata.name, found?.metadata.uid], ['fix', 'p']);
      }
    });

    it(`is undefined in ${state} when the copy is not what was admitted, even if the live one is`, () => {
      assert.equal(playbookInForce(action(state), withCopy(weaker), playbook), undefined);
    });

    it(`is the live one in ${state} when the plan has no copy, and only if it is what was admitted`, () => {
      assert.equal(playbookInForce(action(state), plan, playbook), playbook);
      assert.equal(playbookInForce(action(state), plan, edited), undefined);
      assert.equal(playbookInForce(action(state), plan, undefined), undefined);
      assert.equal(playbookInForce(action(state), undefined, edited), undefined);
    });

    it(`is made from the action in ${state} for ad-hoc steps, and only if they are what was admitted`, () => {
      const base = action(state);
      const spec = { intent: { summary: 's' }, steps: playbookSpec.steps, account: 'a', image: 'i', mode: 'Apply' as const };
      const own: AgentAction = { ...base, spec: { ...spec, cancelled: false } };
      const made = adHocPlaybook(own);
      const admitted = (digest: string): AgentAction => ({
        ...own,
        status: { ...own.status, playbook: { name: 'a', uid: 'u', digest, adHoc: true } },
      });
      assert.deepEqual(playbookInForce(admitted(digestOf(made?.spec)), plan, made), made);
      assert.equal(playbookInForce(admitted(digestOf('other')), plan, made), undefined);
    });
  }
});
