import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type AgentAction, annotations, digestOf, finalStates, type StageStatus, type State, states } from '@sentinel/crds';
import { activityOf } from '../facts/activity.ts';
import type { Facts, JobView } from '../facts/facts.ts';
import {
  action,
  decision,
  facts,
  iso,
  job,
  NOW,
  plan,
  planSpec,
  playbook,
  playbookSpec,
  policies,
  stage,
} from './decide.fixture.ts';
import { decide } from './decide.ts';

const MiB = 2 ** 20;

describe('The next step of an action', () => {
  const approved = action('AwaitingApproval', { approvals: decision() });
  const sealOf = ({ metadata }: typeof approved) =>
    (JSON.parse(metadata.annotations?.[annotations.approvals] ?? '') as { seal: string }).seal;
  const rows: [name: string, facts: Facts, step: object][] = [
    ['that is new is decided from live facts', facts(action('Pending'), { live: false }), { kind: 'LookAgainLive' }],
    ['that is admitted is its rehearsal', facts(action('Pending')), { kind: 'StartJob', stage: 'rehearsal' }],
    ['without a stamp is the end', facts(action('Pending'), { requester: undefined }), { kind: 'End', state: 'Denied' }],
    [
      'whose account may not be used is the end',
      facts(action('Pending'), { mayUseAccount: false }),
      { kind: 'End', state: 'Denied' },
    ],
    [
      'whose right could not be asked is the end',
      facts(action('Pending'), { mayUseAccount: undefined }),
      { kind: 'End', state: 'Denied' },
    ],
    [
      'whose Playbook is not trusted is the end',
      facts(action('Pending'), { trust: { trusted: false, why: 'x' } }),
      { kind: 'End', state: 'Denied' },
    ],
    [
      'whose namespace has no room for its plan is the end',
      facts(action('Pending'), { storage: { own: 64 * MiB, used: 70 * MiB, takers: 3, total: 512 * MiB } }),
      { kind: 'End', state: 'Denied' },
    ],
    [
      'waits while what is stored cannot be counted',
      facts(action('Pending'), { storage: undefined }),
      { kind: 'Wait', state: 'Pending', requeueAfterMs: 5000 },
    ],
    [
      'that is approved starts whatever its namespace has stored',
      facts(approved, { storage: { own: 70 * MiB, used: 440 * MiB, takers: 9, total: 512 * MiB } }),
      { kind: 'StartJob', stage: 'run' },
    ],
    [
      'that is approved waits for what its rollback would need',
      facts(approved, { storage: { own: 1, used: 449 * MiB, takers: 9, total: 512 * MiB } }),
      { kind: 'Wait', queued: true },
    ],
    [
      'that is approved waits while what is stored cannot be counted',
      facts(approved, { storage: undefined }),
      { kind: 'Wait', requeueAfterMs: 5000 },
    ],
    [
      'that is cancelled ends while nothing can be counted',
      facts(action('Pending', { cancelled: true }), { storage: undefined }),
      { kind: 'End', state: 'Cancelled' },
    ],
    [
      'whose Job is suspended is its release',
      facts(action('Rehearsing', { stages: [stage('rehearsal')] }), { job: job({ suspended: true }) }),
      { kind: 'ReleaseJob' },
    ],
    ['whose Job runs is to wait', facts(action('Running', { stages: [stage('run')] }), { job: job() }), { kind: 'Wait' }],
    [
      'whose Job has ended is to read its outcome',
      facts(action('Running', { stages: [stage('run')] }), { job: job({ phase: 'Ended' }) }),
      { kind: 'ReadOutcome', stage: 'run' },
    ],
    [
      'whose Job is gone from the cache is to look live',
      facts(action('Running', { stages: [stage('run')] }), { live: false }),
      { kind: 'LookAgainLive' },
    ],
    [
      'whose Job is gone is to read that, never to make another',
      facts(action('Running', { stages: [stage('run')] })),
      { kind: 'ReadOutcome', stage: 'run' },
    ],
    ['that nobody approved is to wait for people', facts(action('AwaitingApproval')), { kind: 'NoteDecisions' }],
    [
      'that nobody decided on in time is the end',
      facts(action('AwaitingApproval'), { now: NOW + 3_600_000 }),
      { kind: 'End', state: 'Expired' },
    ],
    ['that is approved is looked at live first', facts(approved, { live: false }), { kind: 'LookAgainLive' }],
    ['that is approved is its run', facts(approved), { kind: 'StartJob', stage: 'run' }],
    [
      'whose approver holds the verb at the start is its run',
      facts(approved, { deciders: new Map([[sealOf(approved), { mayApprove: true, actsAs: undefined }]]) }),
      { kind: 'StartJob', stage: 'run' },
    ],
    [
      'whose approver lost the verb is to wait, and to be asked about again',
      facts(approved, { deciders: new Map([[sealOf(approved), { mayApprove: false, actsAs: undefined }]]) }),
      { kind: 'NoteDecisions', requeueAfterMs: 30_000 },
    ],
    [
      'whose approver was not asked about is to wait',
      facts(approved, { deciders: new Map() }),
      { kind: 'NoteDecisions', requeueAfterMs: 30_000 },
    ],
    [
      'whose approver is an agent by now is to wait',
      facts(approved, {
        policies: {
          ...policies(),
          agents: [{ policy: 'P', namespace: undefined, kind: 'User', name: 'ada', subjectNamespace: undefined }],
        },
      }),
      { kind: 'NoteDecisions' },
    ],
    [
      'whose approver is whom the agent acts for is to wait',
      facts({ ...approved, spec: { ...approved.spec, onBehalfOf: { user: 'ada' } } }),
      { kind: 'NoteDecisions' },
    ],
    [
      'that was rejected is the end',
      facts(action('AwaitingApproval', { approvals: decision({ decision: 'reject' }) })),
      { kind: 'End', state: 'Rejected', actor: 'ada' },
    ],
    ['with an approval under an unknown key is to wait', facts(approved, { keys: new Map() }), { kind: 'NoteDecisions' }],
    ['whose guards are missing is to wait', facts(approved, { guards: ['x'] }), { kind: 'Wait', requeueAfterMs: 5000 }],
    [
      'whose sink has not acknowledged is to wait where policy asks for it',
      facts(
        { ...approved, status: { ...approved.status, outbox: { sequence: 3, head: '', exported: 0, records: [] } } },
        { policies: policies({ audit: { requireSink: true } }), sink: { id: 's', since: 1, acknowledged: 2 } },
      ),
      { kind: 'Wait' },
    ],
    [
      'that is suspended is noted as that, not started',
      facts(approved, { policies: policies({ suspended: true }) }),
      { kind: 'NoteDecisions', suspendedBy: ['ClusterAgentPolicy/floor'] },
    ],
    [
      'whose policy became stricter is the end',
      facts(approved, { policies: policies({ kubernetes: [] }) }),
      { kind: 'End', state: 'Denied' },
    ],
    [
      'whose agent policy accepts no longer is the end',
      facts(approved, {
        requester: { user: 'agent', groups: ['bots'] },
        policies: policies({ identity: { agents: { refuseGroups: ['bots'] } } }),
      }),
      { kind: 'End', state: 'Denied' },
    ],
    [
      'whose Playbook rests, because a run failed since it was filed, is to wait until it has rested',
      facts(approved, {
        policies: policies({ limits: { coolDown: '10m' } }),
        activity: [{ ...activityOf(action('RunFailed')), uid: 'other', ended: NOW - 60_000 }],
      }),
      { kind: 'Wait', requeueAfterMs: 540_000 },
    ],
    [
      'whose policy wants more approvals now is to wait',
      facts(approved, { policies: policies({ approvals: [{ upToRisk: 'High', approvals: 2, expiresAfter: '1h' }] }) }),
      { kind: 'NoteDecisions' },
    ],
    [
      'whose approval names none of the claims that policy asks for now is to wait',
      facts(approved, { policies: policies({ identity: { approverClaims: [{ name: 'mfa', values: ['true'] }] } }) }),
      { kind: 'NoteDecisions' },
    ],
    [
      'whose change is of high risk by a rule that came since is the end where nothing covers that',
      facts(approved, {
        policies: policies({ highRisk: [{ apiGroups: ['apps'], resources: ['deployments'], raiseTo: 'Critical' }] }),
      }),
      { kind: 'End', state: 'Denied' },
    ],
    [
      'whose namespace became another environment is the end',
      facts(approved, { policies: { ...policies(), environment: 'production' } }),
      { kind: 'End', state: 'Denied' },
    ],
    [
      'whose policy asks for a sink that there is not is to wait, and to say so',
      facts(approved, { policies: policies({ audit: { requireSink: true } }), sink: undefined }),
      {
        kind: 'Wait',
        why: 'no start without a sink for the audit trail: policy asks for one, and none is set (audit.otlpEndpoint)',
      },
    ],
    [
      'whose Playbook changed is the end',
      facts(approved, { playbook: { ...playbook, spec: { ...playbookSpec, description: 'y' } } }),
      { kind: 'End', state: 'Denied' },
    ],
    ['whose plan is gone is the end', facts(approved, { plan: undefined }), { kind: 'End', state: 'Denied' }],
    [
      'that was edited is to start over',
      facts(action('AwaitingApproval', { approvals: decision(), generation: 2 })),
      { kind: 'StartOver' },
    ],
    [
      'that is edited while it is rehearsed ends the rehearsal first',
      facts(action('Rehearsing', { generation: 2, stages: [stage('rehearsal')] }), { job: job() }),
      { kind: 'StopJob' },
    ],
    [
      'that is cancelled while it waits is the end',
      facts(action('AwaitingApproval', { cancelled: true })),
      { kind: 'End', state: 'Cancelled' },
    ],
    [
      'that is cancelled while it runs is to stop the Job',
      facts(action('Running', { cancelled: true, stages: [stage('run')] }), { job: job() }),
      { kind: 'StopJob' },
    ],
    [
      'that is deleted while it runs is to stop the Job',
      facts(action('Running', { deleted: true, stages: [stage('run')] }), { job: job() }),
      { kind: 'StopJob' },
    ],
    [
      'that is cancelled and stopped is to read what it did',
      facts(action('Running', { cancelled: true, stages: [stage('run')] })),
      { kind: 'ReadOutcome', stage: 'run' },
    ],
    [
      'that is deleted while it is taken back is to go on taking it back',
      facts(action('RollingBack', { deleted: true, stages: [stage('run', { outcome: 'Failed' })] })),
      { kind: 'RollBack' },
    ],
    [
      'whose run has ended is its verification',
      facts(action('Verifying', { stages: [stage('run', { outcome: 'Succeeded', finishedAt: iso(-1) })] })),
      { kind: 'StartJob', stage: 'verification' },
    ],
    [
      'whose verification has its time is to wait for it',
      facts(action('Verifying', { stages: [stage('run', { outcome: 'Succeeded', finishedAt: iso(0) })] }), {
        playbook: { ...playbook, spec: { ...playbookSpec, verifyAfter: '30s' } },
      }),
      { kind: 'Wait', requeueAfterMs: 30_000 },
    ],
    [
      'whose verification did not run waits before the next one',
      facts(
        action('Verifying', {
          stages: [
            stage('run', { outcome: 'Succeeded', finishedAt: iso(-9) }),
            stage('verification', { attempt: 3, outcome: 'Failed', finishedAt: iso(0) }),
          ],
        }),
      ),
      { kind: 'Wait', requeueAfterMs: 60_000 },
    ],
    [
      'whose verification did not run is another one after the pause',
      facts(
        action('Verifying', {
          stages: [
            stage('run', { outcome: 'Succeeded', finishedAt: iso(-9) }),
            stage('verification', { attempt: 3, outcome: 'Failed', finishedAt: iso(-1) }),
          ],
        }),
      ),
      { kind: 'StartJob', stage: 'verification' },
    ],
    [
      'whose verification did not run and that is cancelled is rolled back',
      facts(
        action('Verifying', {
          cancelled: true,
          stages: [
            stage('run', { outcome: 'Succeeded', finishedAt: iso(-9) }),
            stage('verification', { outcome: 'Failed', finishedAt: iso(0) }),
          ],
        }),
      ),
      { kind: 'BeginRollback' },
    ],
    [
      'whose approved checks are not known is a verification that failed, once that was seen live',
      facts(action('Verifying', { stages: [stage('run', { outcome: 'Succeeded', finishedAt: iso(-1) })] }), {
        playbook: undefined,
      }),
      { kind: 'FailVerification' },
    ],
    [
      'whose approved checks are not in the caches is looked at live',
      facts(action('Verifying', { stages: [stage('run', { outcome: 'Succeeded', finishedAt: iso(-1) })] }), {
        playbook: undefined,
        live: false,
      }),
      { kind: 'LookAgainLive' },
    ],
    [
      'whose plan is gone is a verification that failed',
      facts(action('Verifying', { stages: [stage('run', { outcome: 'Succeeded', finishedAt: iso(-1) })] }), { plan: undefined }),
      { kind: 'FailVerification' },
    ],
    ['that has ended lets go of its finalizer', facts(action('Succeeded', { finalizers: ['x'] })), { kind: 'RemoveFinalizer' }],
    ['that has ended is nothing', facts(action('Blocked')), { kind: 'Wait' }],
  ];
  for (const [name, given, step] of rows) it(name, () => assert.partialDeepStrictEqual(decide(given), step));
});

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
        assert.deepEqual(decide(facts(inState(state, { ...more, approvals: decision() }))), { kind: 'Wait' });
    });
  }

  for (const state of living) {
    for (const [how, view] of Object.entries(jobs)) {
      for (const why of ['deleted', 'cancelled'] as const) {
        it(`starts and releases nothing in ${state} when it was ${why} and its Job ${how}`, () => {
          const step = decide(facts(inState(state, { [why]: true, approvals: decision() }), { job: view }));
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
    Starting: 'StartOver',
    Suspended: 'StartOver',
    Running: 'ReadOutcome',
    OutcomeUnknown: 'NoteResolutions',
    Verifying: 'ReadOutcome',
    RollingBack: 'RollBack',
  };
  for (const state of living) {
    it(`${edited[state] === 'StartOver' ? 'starts over' : 'goes on'} in ${state} when the spec was edited`, () => {
      assert.equal(decide(facts(inState(state, { generation: 2, approvals: decision() }))).kind, edited[state]);
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
            const step = decide(facts(given, { job: view }));
            assert.ok(!(step.kind === 'StartJob' && step.stage === 'run'), `${state} ${JSON.stringify(current)}`);
          }
  });

  it('is the end when it runs and no Job of it is recorded', () => {
    assert.partialDeepStrictEqual(decide(facts(action('Running'))), { kind: 'End', state: 'RunFailed' });
  });

  it('is not to release a real run that was suspended meanwhile', () => {
    const suspended = { job: job({ suspended: true, phase: 'Waiting' }), policies: policies({ suspended: true }) };
    assert.equal(decide(facts(inState('Running'), suspended)).kind, 'StopJob');
    assert.equal(decide(facts(inState('Rehearsing'), suspended)).kind, 'StopJob');
    for (const state of ['Rehearsing', 'Running', 'Verifying'] as const)
      assert.partialDeepStrictEqual(decide(facts(inState(state), { ...suspended, job: job() })), {
        kind: 'StopJob',
        evidence: true,
      });
    const verifying = action('Verifying', { stages: [stage('run', { outcome: 'Succeeded', finishedAt: iso(-1) })] });
    assert.partialDeepStrictEqual(decide(facts(verifying, { policies: suspended.policies })), {
      kind: 'Wait',
      state: 'Verifying',
    });
  });

  it('is to look again when the deletion of its pod is overdue, whatever waits for that', () => {
    const lost = { job: job({ ending: true, lostAt: NOW + 5_000 }) };
    const again = { requeueAfterMs: 5_000 };
    assert.deepEqual(decide(facts(inState('Running'), lost)), { kind: 'Wait', ...again });
    for (const more of [{ cancelled: true }, { deleted: true }])
      assert.partialDeepStrictEqual(decide(facts(inState('Running', more), lost)), { kind: 'StopJob', ...again });
    const killed = { ...lost, policies: policies({ suspended: true }) };
    assert.partialDeepStrictEqual(decide(facts(inState('Running'), killed)), { kind: 'StopJob', ...again });
    const edited = inState('Rehearsing', { generation: 2 });
    assert.partialDeepStrictEqual(decide(facts(edited, lost)), { kind: 'StopJob', ...again });
  });

  it('is to look at a suspended one by the clock once, when its time is over, and not without end', () => {
    const suspended = { policies: policies({ suspended: true }) };
    const left = (now: number) => {
      const step = decide(facts(action('Suspended'), { ...suspended, now }));
      return step.kind === 'NoteDecisions' ? step.requeueAfterMs : step.kind;
    };
    assert.deepEqual([left(NOW), left(NOW + 55 * 60_000), left(NOW + 3_600_000)], [55 * 60_000, undefined, undefined]);
  });

  it('is to ask people again when the suspension is lifted: what they approved before does not count', () => {
    const suspended = action('Suspended', { approvals: decision() });
    assert.equal(decide(facts(suspended)).kind, 'Resume');
    const resumed = action('AwaitingApproval', { approvals: decision() });
    const since = (minutes: number) => decide(facts({ ...resumed, status: { ...resumed.status, resumedAt: iso(minutes) } }));
    assert.equal(since(-0.5).kind, 'NoteDecisions');
    assert.equal(since(-2).kind, 'StartJob');
  });

  it('is the end at once when policy refuses its plan now, whether people approved or not', () => {
    const stricter = { policies: policies({ kubernetes: [] }) };
    assert.equal(decide(facts(action('AwaitingApproval'), { ...stricter, live: false })).kind, 'LookAgainLive');
    assert.partialDeepStrictEqual(decide(facts(action('AwaitingApproval'), stricter)), { kind: 'End', state: 'Denied' });
    assert.equal(
      decide(facts(action('Suspended'), { policies: policies({ kubernetes: [], suspended: true }) })).kind,
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
      assert.partialDeepStrictEqual(decide(facts(full(action(state, { generation: 2 })))), { kind: 'Wait', state });
    const rehearsing = full(action('Rehearsing', { stages: [stage('rehearsal')] }));
    assert.equal(decide(facts(rehearsing, { job: job({ phase: 'Ended' }) })).kind, 'ReadOutcome');
    assert.equal(decide(facts(full(action('AwaitingApproval', { cancelled: true })))).kind, 'End');
  });

  it('is to take back what was done when it is cancelled before its verification', () => {
    const waiting = action('Verifying', {
      cancelled: true,
      stages: [stage('run', { outcome: 'Succeeded', finishedAt: iso(0) })],
    });
    assert.deepStrictEqual(decide(facts(waiting)), {
      kind: 'BeginRollback',
      why: 'the action was cancelled before it was verified',
    });
    const none = { plan: { ...plan, spec: { ...planSpec, rollback: { from: 'None' as const } } } };
    assert.partialDeepStrictEqual(decide(facts(waiting, none)), {
      kind: 'End',
      state: 'Cancelled',
      message: 'the action was cancelled before it was verified; its changes stay, because rollback is not available',
    });
  });

  it('is to take nothing back while the kill switch is on', () => {
    const suspended = { policies: policies({ suspended: true }) };
    const stages = [stage('run', { outcome: 'Succeeded', finishedAt: iso(0) })];
    const back = action('RollingBack', { stages });
    assert.equal(decide(facts(back)).kind, 'RollBack');
    assert.equal(decide(facts(back, { ...suspended, live: false })).kind, 'LookAgainLive');
    for (const one of [
      back,
      action('RollingBack', { stages, cancelled: true }),
      action('Verifying', { stages, cancelled: true }),
    ])
      assert.partialDeepStrictEqual(decide(facts(one, suspended)), {
        kind: 'End',
        state: 'RollbackIncomplete',
        message: 'ended by the kill switch of ClusterAgentPolicy/floor before the rollback; its changes stay',
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
      assert.equal(decide(facts(given, { policies: policies({ audit: { requireSink: true } }), sink })).kind, kind);
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
      decide(
        facts({ ...of, status: { ...of.status, outbox: { sequence: count, head: '', exported: 0, records: records(count) } } }),
      ).kind;
    assert.deepEqual([kind(52), kind(53)], ['StartJob', 'Wait']);
  });
});
