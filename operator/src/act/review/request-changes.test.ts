import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type AgentAction, annotations, digestOf } from '@sentinel/crds';
import { action, decision, facts, NOW, plan, planDigest, planSpec, policies } from '../../decide/decide.fixture.ts';
import { decideNextStep } from '../../decide/next-step.ts';
import { stateOf } from '../../status/conditions.ts';
import type { ActContext, Pass } from '../context.ts';
import { describeDifference } from '../plan/describe-difference.ts';
import { startOver } from '../start-over.ts';
import { noteDecisions } from './note-decisions.ts';

const asks = (more: object = {}) => decision({ decision: 'request-changes', comment: 'use 1.2.5', ...more });

const passOf = (given: AgentAction, more: Parameters<typeof facts>[1] = {}): Pass => ({
  facts: facts(given, more),
  action: given,
  draft: structuredClone(given.status) as Pass['draft'],
  now: NOW,
  afterwards: [],
});

/** Decides and notes, as a reconcile does. */
function note(given: AgentAction, more: Parameters<typeof facts>[1] = {}): Pass {
  const pass = passOf(given, more);
  const step = decideNextStep(pass.facts);
  if (step.kind !== 'NoteDecisions') throw new Error(step.kind);
  noteDecisions(pass, step.tally, step.suspendedBy);
  return pass;
}

const messageOf = ({ draft }: Pass) => draft.conditions?.find(({ type }) => type === 'Succeeded')?.message;
const recordsOf = ({ draft }: Pass) =>
  (draft.outbox?.records ?? []).map(({ transition, actor, plan: about, details = [] }) => ({
    transition,
    actor,
    plan: about,
    details: Object.fromEntries(details.map(({ name, value }) => [name, value])),
  }));

describe('A request for changes', () => {
  for (const state of ['AwaitingApproval', 'Starting'] as const)
    it(`takes the action from ${state} to its requester, with what to change`, () => {
      const pass = note(action(state, { approvals: asks() }));
      assert.equal(stateOf(pass.draft), 'ChangesRequested');
      assert.equal(
        messageOf(pass),
        'ada asked for changes: use 1.2.5. The requester revises the action, for example with kubectl edit agentaction a -n shop; then a new plan follows.',
      );
      const approved = pass.draft.conditions?.find(({ type }) => type === 'Approved');
      assert.deepEqual([approved?.status, approved?.message], ['Unknown', '0 of 1 approval; ada asked for changes']);
    });

  it('is recorded once: who, what, and the plan that they saw', () => {
    const first = note(action('AwaitingApproval', { approvals: asks() }));
    const [record] = recordsOf(first);
    assert.deepEqual([record?.transition, record?.actor, record?.plan], ['Decided', 'ada', planDigest]);
    assert.partialDeepStrictEqual(record?.details, {
      'sentinel.decision': 'request-changes',
      'sentinel.decision.by': 'Person',
      'sentinel.decision.comment': 'use 1.2.5',
    });
    const again = action('ChangesRequested', { approvals: asks() });
    const second = note({ ...again, status: first.draft });
    assert.deepEqual(second.draft, first.draft);
  });

  it('is withdrawn by its person: the plan waits for approval again', () => {
    const pass = note(action('ChangesRequested', { approvals: `${asks()}\n${decision({ decision: 'revoke' })}` }));
    assert.equal(stateOf(pass.draft), 'AwaitingApproval');
    assert.match(messageOf(pass) ?? '', /^no request for changes is left; 0 of 1 approval/);
  });

  it('gives way to the kill switch, and stands after it', () => {
    const suspended = { policies: policies({ suspended: true }) };
    assert.equal(stateOf(note(action('ChangesRequested', { approvals: asks() }), suspended).draft), 'Suspended');
    assert.equal(stateOf(note(action('AwaitingApproval', { approvals: asks() })).draft), 'ChangesRequested');
  });
});

describe('A revision', () => {
  const revised = () => {
    const given = action('ChangesRequested', { approvals: asks(), generation: 2 });
    const by = JSON.stringify({ user: 'agent', uid: '' });
    return {
      ...given,
      metadata: { ...given.metadata, annotations: { ...given.metadata.annotations, [annotations.changedBy]: by } },
    };
  };

  it('starts over, names its person, and remembers the plan that people saw', async () => {
    const pass = passOf(revised());
    await startOver(pass);
    assert.equal(stateOf(pass.draft), 'Pending');
    assert.equal(messageOf(pass), 'the action was revised by agent and starts over');
    assert.deepEqual(pass.draft.previousPlan, { name: 'a-1', digest: planDigest });
    assert.deepEqual([pass.draft.plan, pass.draft.required, pass.draft.decisions], [undefined, undefined, undefined]);
    const [record] = recordsOf(pass);
    assert.deepEqual([record?.transition, record?.actor, record?.plan], ['StartedOver', 'agent', planDigest]);
    assert.equal(record?.details['sentinel.revision'], 'true');
  });

  it('is no revision before anybody asked for it', async () => {
    const edited = { ...revised(), status: { ...revised().status, ...action('AwaitingApproval').status } };
    const pass = passOf(edited);
    await startOver(pass);
    assert.equal(recordsOf(pass)[0]?.details['sentinel.revision'], undefined);
    assert.equal(messageOf(pass), 'the action was edited by agent and starts over');
  });

  it('keeps the last plan that there was through several edits', async () => {
    const pass = passOf(revised());
    await startOver(pass);
    await startOver(pass);
    assert.deepEqual(pass.draft.previousPlan, { name: 'a-1', digest: planDigest });
  });

  const clientOf = (found: unknown) => ({ client: { get: async () => found } }) as unknown as ActContext;
  const told = (found: unknown, previousPlan = { name: 'a-1', digest: planDigest }) =>
    describeDifference(clientOf(found), { draft: { previousPlan }, action: revised() }, { ...planSpec, account: 'other' });

  it('is told with its difference to the plan before', async () => {
    assert.equal(await told(plan), 'effects: 0 changed, 0 added, 0 removed, 1 the same; account: other instead of remediator');
    assert.equal(await describeDifference(clientOf(plan), { draft: {}, action: revised() }, planSpec), undefined);
  });

  it('is not compared with a plan that is gone, or another one of its name', async () => {
    assert.equal(await told(undefined), 'that plan is gone');
    assert.equal(await told(plan, { name: 'a-1', digest: digestOf('x') }), 'that plan is gone');
  });
});
