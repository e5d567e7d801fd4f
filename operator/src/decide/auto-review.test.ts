import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type AgentAction, digestOf } from '@sentinel/crds';
import { activityOf } from '../facts/activity.ts';
import type { Facts } from '../facts/facts.ts';
import { action, facts, iso, NOW, plan, planSpec, playbook, playbookSpec, policies } from './decide.fixture.ts';
import { decideNextStep } from './next-step.ts';

describe('A plan that needs nobody', () => {
  const auto = policies({ approvals: [{ upToRisk: 'High', autoReview: true, autoReviewAfter: 1, expiresAfter: '1h' }] });
  const alone = { ...plan, spec: { ...planSpec, required: { approvals: 0, autoReview: true, expiresAfter: '1h' } } };
  const autonomous = { ...playbook, spec: { ...playbookSpec, autonomy: 'Auto' as const } };
  const pinned = (): AgentAction => {
    const base = action('Starting');
    return { ...base, status: { ...base.status, playbook: { name: 'fix', uid: 'p', digest: digestOf(autonomous.spec) } } };
  };
  const succeeded = { ...activityOf(pinned()), uid: 'x', succeeded: true, ended: NOW - 1 };
  const given = (more: Partial<Facts> = {}) =>
    facts(pinned(), { policies: auto, plan: alone, playbook: autonomous, activity: [succeeded], ...more });
  const rows: [name: string, facts: Facts, step: object][] = [
    ['starts', given(), { kind: 'StartJob', stage: 'run' }],
    ['is looked at live first', given({ live: false, activity: [] }), { kind: 'LookAgainLive' }],
    [
      'waits for a person once a policy wants one',
      given({ policies: policies({ approvals: [{ upToRisk: 'High', expiresAfter: '1h' }] }) }),
      { kind: 'NoteDecisions' },
    ],
    [
      'waits once a run of it failed',
      given({ activity: [{ ...succeeded, succeeded: false, failed: true }] }),
      { kind: 'NoteDecisions' },
    ],
    ['ends once nobody trusts its Playbook', given({ trust: { trusted: false, why: 'x' } }), { kind: 'End', state: 'Denied' }],
    [
      'waits after it was suspended',
      given({ action: { ...pinned(), status: { ...pinned().status, resumedAt: iso(0) } } }),
      { kind: 'NoteDecisions' },
    ],
    ['waits where the plan was made for a person, whatever policy says now', given({ plan }), { kind: 'NoteDecisions' }],
  ];
  for (const [name, one, step] of rows) it(name, () => assert.partialDeepStrictEqual(decideNextStep(one), step));
});
