import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AgentAction, State } from '@sentinel/crds';
import { aParent } from '@sentinel/policy/testing';
import { activityOf } from '../facts/activity.ts';
import type { Facts } from '../facts/facts.ts';
import { action, facts, job, policies, stage } from './decide.fixture.ts';
import { decideNextStep } from './next-step.ts';

describe('A part of another action', () => {
  const parent = aParent();
  const part = (state: State): AgentAction => {
    const base = action(state);
    return {
      ...base,
      spec: { ...base.spec, intent: { summary: 's', parentAction: 'whole' } },
      status: { ...base.status, ...(state === 'Pending' ? {} : { lineage: [{ name: 'whole', uid: 'w' }] }) },
    };
  };
  const open = policies({ limits: { children: 2, depth: 1 } });
  const rows: [name: string, facts: Facts, step: object][] = [
    ['is rehearsed', facts(part('Pending'), { parent, policies: open }), { kind: 'StartJob', stage: 'rehearsal' }],
    ['is refused where policy lets no action have any', facts(part('Pending'), { parent }), { kind: 'End', state: 'Denied' }],
    [
      'is refused when there are enough already',
      facts(part('Pending'), {
        parent,
        policies: open,
        activity: ['a', 'b'].map((uid) => ({ ...activityOf(action('Running')), uid, parent: 'w' })),
      }),
      { kind: 'End', state: 'Denied' },
    ],
    [
      'ends with its parent',
      facts(part('AwaitingApproval'), { parent: { ...parent, cancelled: true } }),
      { kind: 'End', state: 'Cancelled' },
    ],
    [
      'is stopped with its parent',
      facts(
        { ...part('Running'), status: { ...part('Running').status, stages: [stage('run')] } },
        { parent: undefined, job: job() },
      ),
      { kind: 'StopJob' },
    ],
    [
      'goes on after its parent has ended well',
      facts(part('AwaitingApproval'), { parent: { ...parent, end: { state: 'Succeeded', wellDone: true } } }),
      { kind: 'NoteDecisions' },
    ],
  ];
  for (const [name, given, step] of rows) it(name, () => assert.partialDeepStrictEqual(decideNextStep(given), step));
});
