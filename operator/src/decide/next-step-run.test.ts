import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { activityOf } from '../facts/activity.ts';
import type { Facts } from '../facts/facts.ts';
import { action, decision, facts, iso, job, NOW, playbook, playbookSpec, policies, stage } from './decide.fixture.ts';
import { decideNextStep } from './next-step.ts';

describe('The next step of an action that is approved', () => {
  const approved = action('AwaitingApproval', { approvals: decision() });
  const rows: [name: string, facts: Facts, step: object][] = [
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
      'whose Playbook is in cool-down, because a run failed since the action was created, waits until it is over',
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
      'whose change is of high risk by a rule that came since is the end if no entry of `approvals` covers that',
      facts(approved, {
        policies: policies({ highRisk: [{ apiGroups: ['apps'], resources: ['deployments'], raiseTo: 'Critical' }] }),
      }),
      { kind: 'End', state: 'Denied' },
    ],
    [
      'whose namespace became another environment is the end',
      facts(approved, { policies: { ...policies(), environment: 'production' } }),
      { kind: 'End', state: 'Denied', codes: ['EnvironmentChanged'] },
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
      'whose policy requires evidence is to wait while the evidence store does not take it, and to say so',
      facts(approved, {
        policies: policies({ evidence: { required: true } }),
        evidence: { fault: 'no evidence store is installed' },
      }),
      {
        kind: 'Wait',
        why: 'no start while evidence cannot be stored, which policy requires: no evidence store is installed',
        requeueAfterMs: 5000,
      },
    ],
    [
      'whose policy requires evidence is to wait where the evidence store was not asked',
      facts(approved, { policies: policies({ evidence: { required: true } }) }),
      { kind: 'Wait' },
    ],
    [
      'whose policy requires evidence starts when the evidence store takes it',
      facts(approved, { policies: policies({ evidence: { required: true } }), evidence: 'Ready' }),
      { kind: 'StartJob', stage: 'run' },
    ],
    [
      'whose Playbook changed is the end',
      facts(approved, { playbook: { ...playbook, spec: { ...playbookSpec, description: 'y' } } }),
      { kind: 'End', state: 'Denied', codes: ['PlaybookChanged'] },
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
      'that is deleted during its rollback goes on with the rollback',
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
    ['that has ended has its finalizer removed', facts(action('Succeeded', { finalizers: ['x'] })), { kind: 'RemoveFinalizer' }],
    ['that has ended is nothing', facts(action('Blocked')), { kind: 'Wait' }],
  ];
  for (const [name, given, step] of rows) it(name, () => assert.partialDeepStrictEqual(decideNextStep(given), step));
});
