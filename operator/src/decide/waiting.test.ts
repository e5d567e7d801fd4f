import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Activity } from '@sentinel/policy';
import { activityOf } from '../facts/activity.ts';
import type { Facts } from '../facts/facts.ts';
import { action, facts, policies } from './decide.fixture.ts';
import { decideNextStep } from './next-step.ts';

describe('An action that was found to wait for a sandbox', () => {
  const self = action('Pending');
  const rehearsing: Activity = { ...activityOf(self), uid: 'other', phase: 'Rehearsing' };
  const cached = (more: Partial<Facts>) =>
    facts(self, { live: false, mayUseAccount: undefined, policies: policies({ limits: { sandboxes: 1 } }), ...more });

  it('waits on without a live look while the caches show no room', () => {
    const step = decideNextStep(cached({ activity: [rehearsing] }));
    assert.equal(step.kind, 'Wait');
    assert.ok('requeueAfterMs' in step && (step.requeueAfterMs ?? 0) > 0);
  });

  const live: Record<string, Partial<Facts>> = {
    'the caches show room': { activity: [] },
    'the caches would refuse it': { activity: [rehearsing], trust: { trusted: false, why: 'x' } },
    'its requester is not known': { activity: [rehearsing], requester: undefined },
    'it has not been looked at live': { activity: [rehearsing], action: { ...self, status: {} } },
  };
  for (const [name, more] of Object.entries(live))
    it(`is looked at live when ${name}`, () => assert.equal(decideNextStep(cached(more)).kind, 'LookAgainLive'));

  it('is refused by the live look where its requester may not use the account', () =>
    assert.equal(decideNextStep(facts(self, { mayUseAccount: false, activity: [rehearsing] })).kind, 'End'));
});
