import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { State } from '@sentinel/crds';
import { action, decision, facts, iso, NOW, playbook, playbookSpec, policies } from './decide.fixture.ts';
import { decideNextStep } from './next-step.ts';

const asks = (more: object = {}) => decision({ decision: 'request-changes', comment: 'use 1.2.5', ...more });
const bea = { user: 'bea' };
const of = (state: State, ...approvals: string[]) => action(state, { approvals: approvals.join('\n') });

describe('The next step of an action of which changes were requested', () => {
  for (const state of ['AwaitingApproval', 'ChangesRequested', 'Starting'] as const)
    it(`is to note it in ${state} and never to start, although enough people approved`, () => {
      const step = decideNextStep(facts(of(state, decision(bea), asks())));
      assert.equal(step.kind, 'NoteDecisions');
      if (step.kind === 'NoteDecisions') assert.equal(step.tally.changesRequestedBy?.comment, 'use 1.2.5');
    });

  it('is to start when its person has approved after all, and everyone needed has', () => {
    const step = decideNextStep(facts(of('ChangesRequested', asks({ time: iso(-2) }), decision())));
    assert.partialDeepStrictEqual(step, { kind: 'StartJob', stage: 'run' });
  });

  it('is to wait for approval when the request was revoked', () => {
    const step = decideNextStep(facts(of('ChangesRequested', asks({ time: iso(-2) }), decision({ decision: 'revoke' }))));
    assert.equal(step.kind === 'NoteDecisions' && step.tally.changesRequestedBy, undefined);
  });

  it('is the end when somebody rejects it', () =>
    assert.partialDeepStrictEqual(
      decideNextStep(facts(of('ChangesRequested', asks(), decision({ ...bea, decision: 'reject' })))),
      {
        kind: 'End',
        state: 'Rejected',
      },
    ));

  it('is to wait for the revision as long as an approval would be good, from the request on', () => {
    const waiting = of('ChangesRequested', asks({ time: iso(-30) }));
    assert.partialDeepStrictEqual(decideNextStep(facts(waiting)), { kind: 'NoteDecisions', requeueAfterMs: 30 * 60_000 });
    assert.partialDeepStrictEqual(decideNextStep(facts(waiting, { now: NOW + 31 * 60_000 })), {
      kind: 'End',
      state: 'Expired',
      message: 'ada asked for changes, and nobody revised the action within 1h. Create the action again.',
    });
  });

  it('is not the end because its Playbook or a policy changed: the revision is evaluated again', () => {
    const waiting = of('ChangesRequested', asks());
    const other = { ...playbook, spec: { ...playbookSpec, description: 'y' } };
    for (const more of [{ playbook: other }, { policies: policies({ kubernetes: [] }) }])
      assert.equal(decideNextStep(facts(waiting, more)).kind, 'NoteDecisions');
  });

  it('is to note the kill switch as well', () =>
    assert.partialDeepStrictEqual(
      decideNextStep(facts(of('ChangesRequested', asks()), { policies: policies({ suspended: true }) })),
      { kind: 'NoteDecisions', suspendedBy: ['ClusterAgentPolicy/floor'] },
    ));

  it('is to start over when it is revised', () => {
    const revised = action('ChangesRequested', { approvals: asks(), generation: 2 });
    assert.equal(decideNextStep(facts(revised)).kind, 'StartOver');
  });
});
