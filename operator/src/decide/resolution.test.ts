import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AgentAction, AgentActionStatus } from '@sentinel/crds';
import { record } from '../status/record.ts';
import { action, decision, facts, iso, NOW, planDigest, policies, stage } from './decide.fixture.ts';
import { decideNextStep } from './next-step.ts';

const approved = decision();
const order = (more: object = {}) => decision({ decision: 'redo', effect: 0, ...more });
const answered = (outcome: 'Applied' | 'Refused') => ({
  effect: 0,
  resolution: 'redo' as const,
  user: 'ada',
  time: iso(-1),
  outcome,
  message: 'm',
});

function waiting(
  lines: readonly string[],
  status: Partial<AgentActionStatus> = {},
  more: Parameters<typeof action>[1] = {},
): AgentAction {
  const made = action('OutcomeUnknown', { approvals: lines.join('\n'), stages: [stage('run', { outcome: 'Blocked' })], ...more });
  const unknownEffects = [{ effect: 0, object: 'patch deployments shop/web', why: 'no answer' }];
  return { ...made, status: { ...made.status, unknownEffects, decisionCount: 1, ...status } };
}

function full(of: AgentAction, records: number): AgentAction {
  const status = { ...of.status };
  for (let index = 0; index < records; index++) record(status, of, { transition: 'Decided', actor: 'ada', summary: 's' }, NOW);
  return { ...of, status };
}

describe('An action with an effect whose outcome is unknown', () => {
  const rows: Readonly<Record<string, [AgentAction, string, Parameters<typeof facts>[1]?]>> = {
    'waits while nobody has decided': [waiting([approved]), 'Wait'],
    'has the gateway carry out what an authorized person decided': [waiting([approved, order()]), 'Resolve'],
    'looks again live before that': [waiting([approved, order()]), 'LookAgainLive', { live: false }],
    'notes a decision that does not count, and asks nobody': [waiting([approved, order({ user: 'agent' })]), 'NoteResolutions'],
    'does not count what is sealed for another plan': [
      waiting([approved, order({ plan: planDigest.replace(/.$/, 'x') })]),
      'NoteResolutions',
    ],
    'does not count what has expired': [waiting([approved, order({ expires: iso(-1) })]), 'NoteResolutions'],
    'does not ask about an effect whose outcome is known': [waiting([approved, order({ effect: 1 })]), 'NoteResolutions'],
    'does not ask twice for one decision that was refused': [
      waiting([approved, order()], { resolutions: [answered('Refused')], decisionCount: 2 }),
      'Wait',
    ],
    'asks for the next decision after one that was refused': [
      waiting([approved, order(), order({ time: iso(-0.5) })], { resolutions: [answered('Refused')], decisionCount: 2 }),
      'Resolve',
    ],
    'asks for what it has noted already, after a crash': [waiting([approved, order()], { decisionCount: 2 }), 'Resolve'],
    'lets a person resolve it while the kill switch is on: the gateway refuses what writes': [
      waiting([approved, order()]),
      'Resolve',
      { policies: policies({ suspended: true }) },
    ],
    'waits while the audit trail is full': [full(waiting([approved, order()]), 60), 'Wait'],
    'is given up when it is cancelled': [waiting([approved], {}, { cancelled: true }), 'Abandon'],
    'is given up when it is deleted, whatever was decided': [waiting([approved, order()], {}, { deleted: true }), 'Abandon'],
    'is given up when its plan is gone': [waiting([approved, order()]), 'Abandon', { plan: undefined }],
  };
  for (const [name, [of, kind, more]] of Object.entries(rows))
    it(name, () => assert.equal(decideNextStep(facts(of, more)).kind, kind));
});
