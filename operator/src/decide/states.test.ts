import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type AgentAction, digestOf, finalStates, type StageStatus, type State, states } from '@sentinel/crds';
import type { Facts, JobView } from '../facts/facts.ts';
import { action, decision, facts, iso, job, NOW, plan, planSpec, policies, stage } from './decide.fixture.ts';
import { decideNextStep } from './next-step.ts';

describe('The next step in every state', () => {
  const all = Object.keys(states) as State[];
  const living = all.filter((state) => !finalStates.has(state));
  const jobs: Record<string, JobView | undefined> = {
    'is gone': undefined,
    'is suspended': job({ suspended: true, phase: 'Waiting' }),
    runs: job(),
    'has ended': job({ phase: 'Ended' }),
  };
  const stageIn: Partial<Record<State, StageStatus>> = {
    Rehearsing: stage('rehearsal'),
    AwaitingApproval: stage('rehearsal', { outcome: 'Succeeded' }),
    Running: stage('run'),
    Verifying: stage('verification'),
    RollingBack: stage('run', { outcome: 'Failed' }),
    OutcomeUnknown: stage('run', { outcome: 'Blocked' }),
  };
  const inState = (state: State, more: Parameters<typeof action>[1] = {}) =>
    action(state, { ...more, stages: [stageIn[state]].filter((one) => one !== undefined) });

  for (const state of all.filter((one) => finalStates.has(one))) {
    it(`is nothing after ${state}, whatever is asked`, () => {
      for (const more of [{ deleted: true }, { cancelled: true }, { generation: 2 }])
        assert.deepEqual(decideNextStep(facts(inState(state, { ...more, approvals: decision() }))), { kind: 'Wait' });
    });
  }

  for (const state of living) {
    for (const [how, view] of Object.entries(jobs)) {
      for (const why of ['deleted', 'cancelled'] as const) {
        it(`starts and releases nothing in ${state} when it was ${why} and its Job ${how}`, () => {
          const step = decideNextStep(facts(inState(state, { [why]: true, approvals: decision() }), { job: view }));
          const open = stageIn[state] !== undefined && stageIn[state].outcome === undefined;
          const stopping = view && view.phase !== 'Ended' ? 'StopJob' : 'ReadOutcome';
          const after: Partial<Record<State, string>> = { RollingBack: 'RollBack', OutcomeUnknown: 'Abandon' };
          assert.equal(step.kind, after[state] ?? (open ? stopping : 'End'));
        });
      }
    }
  }

  const edited: Partial<Record<State, string>> = {
    Pending: 'StartOver',
    Rehearsing: 'StartOver',
    AwaitingApproval: 'StartOver',
    ChangesRequested: 'StartOver',
    Starting: 'StartOver',
    Suspended: 'StartOver',
    Running: 'ReadOutcome',
    OutcomeUnknown: 'NoteResolutions',
    Verifying: 'ReadOutcome',
    RollingBack: 'RollBack',
  };
  for (const state of living) {
    it(`${edited[state] === 'StartOver' ? 'starts over' : 'goes on'} in ${state} when the spec was edited`, () => {
      assert.equal(decideNextStep(facts(inState(state, { generation: 2, approvals: decision() }))).kind, edited[state]);
    });
  }

  it('is never a real run without enough decisions, in any state', () => {
    const others = [undefined, decision({ plan: digestOf('x') }), decision({ action: 'v' }), decision({ time: iso(-120) })];
    const stages = [undefined, stage('rehearsal'), stage('run', { outcome: 'Failed' }), stage('verification')];
    for (const state of living)
      for (const approvals of others)
        for (const view of Object.values(jobs))
          for (const current of stages) {
            const given = action(state, { ...(approvals === undefined ? {} : { approvals }), stages: current ? [current] : [] });
            const step = decideNextStep(facts(given, { job: view }));
            assert.ok(!(step.kind === 'StartJob' && step.stage === 'run'), `${state} ${JSON.stringify(current)}`);
          }
  });

  it('is the end when it runs and no Job of it is recorded', () => {
    assert.partialDeepStrictEqual(decideNextStep(facts(action('Running'))), { kind: 'End', state: 'RunFailed' });
  });

  it('is not to release a real run that was suspended meanwhile', () => {
    const suspended = { job: job({ suspended: true, phase: 'Waiting' }), policies: policies({ suspended: true }) };
    assert.equal(decideNextStep(facts(inState('Running'), suspended)).kind, 'StopJob');
    assert.equal(decideNextStep(facts(inState('Rehearsing'), suspended)).kind, 'StopJob');
    for (const state of ['Rehearsing', 'Running', 'Verifying'] as const)
      assert.partialDeepStrictEqual(decideNextStep(facts(inState(state), { ...suspended, job: job() })), {
        kind: 'StopJob',
        evidence: true,
      });
    const verifying = action('Verifying', { stages: [stage('run', { outcome: 'Succeeded', finishedAt: iso(-1) })] });
    assert.partialDeepStrictEqual(decideNextStep(facts(verifying, { policies: suspended.policies })), {
      kind: 'Wait',
      state: 'Verifying',
    });
  });

  it('is to look again when the deletion of its pod is overdue, whatever waits for that', () => {
    const lost = { job: job({ ending: true, lostAt: NOW + 5_000 }) };
    const again = { requeueAfterMs: 5_000 };
    assert.deepEqual(decideNextStep(facts(inState('Running'), lost)), { kind: 'Wait', ...again });
    for (const more of [{ cancelled: true }, { deleted: true }])
      assert.partialDeepStrictEqual(decideNextStep(facts(inState('Running', more), lost)), { kind: 'StopJob', ...again });
    const killed = { ...lost, policies: policies({ suspended: true }) };
    assert.partialDeepStrictEqual(decideNextStep(facts(inState('Running'), killed)), { kind: 'StopJob', ...again });
    const edited = inState('Rehearsing', { generation: 2 });
    assert.partialDeepStrictEqual(decideNextStep(facts(edited, lost)), { kind: 'StopJob', ...again });
  });

  it('is to look at a suspended one by the clock once, when its time is over, and not without end', () => {
    const suspended = { policies: policies({ suspended: true }) };
    const left = (now: number) => {
      const step = decideNextStep(facts(action('Suspended'), { ...suspended, now }));
      return step.kind === 'NoteDecisions' ? step.requeueAfterMs : step.kind;
    };
    assert.deepEqual([left(NOW), left(NOW + 55 * 60_000), left(NOW + 3_600_000)], [55 * 60_000, undefined, undefined]);
  });

  it('is to ask people again when the kill switch is turned off: what they approved before does not count', () => {
    const suspended = action('Suspended', { approvals: decision() });
    assert.equal(decideNextStep(facts(suspended)).kind, 'Resume');
    const resumed = action('AwaitingApproval', { approvals: decision() });
    const since = (minutes: number) =>
      decideNextStep(facts({ ...resumed, status: { ...resumed.status, resumedAt: iso(minutes) } }));
    assert.equal(since(-0.5).kind, 'NoteDecisions');
    assert.equal(since(-2).kind, 'StartJob');
  });

  it('is the end at once when policy refuses its plan now, whether people approved or not', () => {
    const stricter = { policies: policies({ kubernetes: [] }) };
    assert.equal(decideNextStep(facts(action('AwaitingApproval'), { ...stricter, live: false })).kind, 'LookAgainLive');
    assert.partialDeepStrictEqual(decideNextStep(facts(action('AwaitingApproval'), stricter)), { kind: 'End', state: 'Denied' });
    assert.equal(
      decideNextStep(facts(action('Suspended'), { policies: policies({ kubernetes: [], suspended: true }) })).kind,
      'NoteDecisions',
    );
  });

  it('is to wait before any Job while the audit trail is full, and to end what is under way', () => {
    const records = Array.from({ length: 60 }, (_, index) => ({ sequence: index + 1 })) as never[];
    const full = (of: AgentAction) => ({
      ...of,
      status: { ...of.status, outbox: { sequence: 60, head: '', exported: 0, records } },
    });
    for (const state of ['Pending', 'AwaitingApproval'] as const)
      assert.partialDeepStrictEqual(decideNextStep(facts(full(action(state, { generation: 2 })))), { kind: 'Wait', state });
    const rehearsing = full(action('Rehearsing', { stages: [stage('rehearsal')] }));
    assert.equal(decideNextStep(facts(rehearsing, { job: job({ phase: 'Ended' }) })).kind, 'ReadOutcome');
    assert.equal(decideNextStep(facts(full(action('AwaitingApproval', { cancelled: true })))).kind, 'End');
  });

  it('rolls back its changes when it is cancelled before its verification', () => {
    const waiting = action('Verifying', {
      cancelled: true,
      stages: [stage('run', { outcome: 'Succeeded', finishedAt: iso(0) })],
    });
    assert.deepStrictEqual(decideNextStep(facts(waiting)), {
      kind: 'BeginRollback',
      why: 'the action was cancelled before it was verified',
    });
    const none = { plan: { ...plan, spec: { ...planSpec, rollback: { from: 'None' as const } } } };
    assert.partialDeepStrictEqual(decideNextStep(facts(waiting, none)), {
      kind: 'End',
      state: 'Cancelled',
      message: 'the action was cancelled before it was verified; its changes stay, because rollback is not available',
    });
  });

  it('rolls back nothing while the kill switch is on', () => {
    const suspended = { policies: policies({ suspended: true }) };
    const stages = [stage('run', { outcome: 'Succeeded', finishedAt: iso(0) })];
    const back = action('RollingBack', { stages });
    assert.equal(decideNextStep(facts(back)).kind, 'RollBack');
    assert.equal(decideNextStep(facts(back, { ...suspended, live: false })).kind, 'LookAgainLive');
    for (const one of [
      back,
      action('RollingBack', { stages, cancelled: true }),
      action('Verifying', { stages, cancelled: true }),
    ])
      assert.partialDeepStrictEqual(decideNextStep(facts(one, suspended)), {
        kind: 'End',
        state: 'RollbackIncomplete',
        message: 'stopped by the kill switch of ClusterAgentPolicy/floor before the rollback; its changes stay',
      });
  });

  const cursor = (acknowledged: number) => ({ id: 's', since: 1, acknowledged });
  const sinks: Record<string, { sink: Facts['sink']; kind: string }> = {
    'has none': { sink: undefined, kind: 'Wait' },
    'is behind': { sink: cursor(2), kind: 'Wait' },
    'has them all': { sink: cursor(3), kind: 'StartJob' },
  };
  for (const [name, { sink, kind }] of Object.entries(sinks)) {
    it(`is ${kind} where policy asks for a sink that ${name}`, () => {
      const of = action('AwaitingApproval', { approvals: decision() });
      const given = { ...of, status: { ...of.status, outbox: { sequence: 3, head: '', exported: 0, records: [] } } };
      assert.equal(decideNextStep(facts(given, { policies: policies({ audit: { requireSink: true } }), sink })).kind, kind);
    });
  }

  it('is to wait while the audit trail has no room for a run', () => {
    const of = action('AwaitingApproval', { approvals: decision() });
    const records = (count: number) =>
      Array.from({ length: count }, (_, index) => ({ sequence: index + 1 })) as NonNullable<
        AgentAction['status']
      >['outbox'] extends { records: infer R } | undefined
        ? R
        : never;
    const kind = (count: number) =>
      decideNextStep(
        facts({ ...of, status: { ...of.status, outbox: { sequence: count, head: '', exported: 0, records: records(count) } } }),
      ).kind;
    assert.deepEqual([kind(52), kind(53)], ['StartJob', 'Wait']);
  });
});
