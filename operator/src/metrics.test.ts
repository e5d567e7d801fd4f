import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AgentAction } from '@sentinel/crds';
import { registry } from '@sentinel/kube';
import { action, iso, NOW } from './decide/decide.fixture.ts';
import {
  decisionTime,
  noteAlteredGuards,
  noteEvidence,
  noteRefusals,
  observeActions,
  observeDecision,
  observeEnd,
  summarizeActions,
} from './metrics.ts';

const rehearsed = (minutes: number) => [
  { type: 'Rehearsed', status: 'True', reason: 'Satisfied', message: '', lastTransitionTime: iso(minutes) },
];
const waiting = (minutes: number): AgentAction => {
  const made = action('AwaitingApproval');
  return {
    ...made,
    status: {
      ...made.status,
      conditions: [...(made.status?.conditions ?? []).filter(({ type }) => type !== 'Rehearsed'), ...rehearsed(minutes)],
    },
  } as AgentAction;
};
const ended = (exported: number, more: object = { finishedAt: iso(-1) }): AgentAction => {
  const made = action('Succeeded');
  const records = [1, 2, 3].map((sequence) => ({ sequence, time: iso(-10 + sequence) }));
  return {
    ...made,
    status: { ...made.status, ...more, outbox: { sequence: 3, exported, head: '', records } },
  } as unknown as AgentAction;
};

describe('The metrics of actions', () => {
  it('count by state, and say what waits for people, is not known, or is not exported', () => {
    const unknown = action('OutcomeUnknown');
    const two = { ...unknown, status: { ...unknown.status, unknownEffects: [{}, {}] } } as unknown as AgentAction;
    const summary = summarizeActions([waiting(-5), waiting(-20), two, ended(1), ended(3), ended(0, {})], NOW);
    assert.deepEqual(
      { ...summary, states: Object.fromEntries(summary.states) },
      {
        states: { AwaitingApproval: 2, OutcomeUnknown: 1, Succeeded: 3 },
        unknownEffects: 2,
        oldestWaiting: 1200,
        recordsNotExported: 2,
        exportLag: 480,
      },
    );
  });

  it('say of actions that go on what is not exported, in the process that exports', () => {
    const held = ended(0, {});
    assert.equal(summarizeActions([held], NOW).recordsNotExported, 0);
    const { recordsNotExported, exportLag } = summarizeActions([held, ended(1)], NOW, () => 2);
    assert.deepEqual({ recordsNotExported, exportLag }, { recordsNotExported: 2, exportLag: 420 });
  });

  it('count an end once, by its state', async () => {
    const count = async () =>
      Number(/^sentinel_actions_ended_total\{state="Succeeded"\} (\d+)$/m.exec(await registry.metrics())?.[1]);
    assert.equal(await count(), 0);
    const [before, after] = [action('Verifying'), ended(3)];
    observeEnd({ type: 'update', object: after, old: before });
    observeEnd({ type: 'update', object: after, old: after });
    observeEnd({ type: 'add', object: after });
    observeEnd({ type: 'update', object: before, old: action('Running') });
    assert.equal(await count(), 1);
  });

  it('count evidence from 0, so that the first stage without it is an increase', async () => {
    // Other files of tests share the process and the registry: what they counted is not 0 any more, but the series is there.
    const missing = async () =>
      /^sentinel_operator_evidence_total\{outcome="Missing"\} (\d+)$/m.exec(await registry.metrics())?.[1];
    const before = await missing();
    assert.ok(before !== undefined);
    noteEvidence('Missing');
    assert.equal(Number(await missing()), Number(before) + 1);
  });

  it('count refusals by a fixed set of rules, and show altered guards only where somebody looks', async () => {
    noteRefusals([{ rule: 'commands[7]' }, { rule: 'commands[9]' }, { rule: 'what-somebody-chose' }]);
    noteAlteredGuards(2);
    const text = await registry.metrics();
    assert.match(text, /^sentinel_operator_policy_refusals_total\{rule="commands"\} 2$/m);
    assert.match(text, /^sentinel_operator_policy_refusals_total\{rule="other"\} 1$/m);
    assert.match(text, /^sentinel_guards_altered 2$/m);
    noteAlteredGuards(undefined);
    assert.doesNotMatch(await registry.metrics(), /^sentinel_guards_altered/m);
  });

  it('are all 0 without actions', () => {
    const { states, ...rest } = summarizeActions([], NOW);
    assert.equal(states.size, 0);
    assert.ok(Object.values(rest).every((value) => value === 0));
  });

  it('time a decision from the plan on, once', () => {
    const [before, after] = [waiting(-5), action('Starting')];
    assert.equal(decisionTime({ type: 'update', object: after, old: before }, NOW), 300);
    assert.equal(decisionTime({ type: 'update', object: before, old: before }, NOW), undefined);
    assert.equal(decisionTime({ type: 'update', object: action('Running'), old: after }, NOW), undefined);
    assert.equal(decisionTime({ type: 'add', object: after }, NOW), undefined);
  });

  it('are shown when they are read', async () => {
    let all: AgentAction[] = [];
    observeActions(() => summarizeActions(all, NOW));
    all = [waiting(-1)];
    observeDecision({ type: 'update', object: action('Starting'), old: waiting(-2) }, NOW);
    const text = await registry.metrics();
    assert.match(text, /^sentinel_actions\{state="AwaitingApproval"\} 1$/m);
    assert.match(text, /^sentinel_decision_oldest_waiting_seconds 60$/m);
    assert.match(text, /^sentinel_decision_duration_seconds_sum 120$/m);
    all = [];
    assert.doesNotMatch(await registry.metrics(), /state="AwaitingApproval"/);
  });
});
