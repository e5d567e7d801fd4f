import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';
import {
  type ActionPlanSpec,
  type AgentAction,
  AgentPolicySpec,
  annotations,
  digestOf,
  PlaybookSpec,
  type StageStatus,
  type State,
} from '@sentinel/crds';
import { type PolicySet, sealRecord } from '@sentinel/policy';
import type { Facts, JobView } from '../facts/facts.ts';
import { decide } from './decide.ts';

const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const NOW = Date.parse('2026-01-01T12:00:00Z');
const iso = (minutes: number) => new Date(NOW + minutes * 60_000).toISOString();

const playbookSpec = PlaybookSpec.parse({
  category: 'Other',
  description: 'x',
  account: 'remediator',
  sandbox: { image: 'tools', profile: 'Change' },
  steps: [{ name: 'one', command: ['true'] }],
  verify: [{ name: 'ready', command: ['true'] }],
  rollback: { from: 'PreImages' },
});
const playbook: Facts['playbook'] = {
  apiVersion: 'sentinel.dev/v1alpha1',
  kind: 'Playbook',
  metadata: { name: 'fix', namespace: 'shop', uid: 'p' },
  spec: playbookSpec,
};

const policies = (more: object = {}): PolicySet => ({
  environment: 'staging',
  refusals: [],
  policies: [
    {
      kind: 'ClusterAgentPolicy',
      name: 'floor',
      digest: '',
      spec: AgentPolicySpec.parse({
        modes: ['DryRun', 'Apply'],
        approvals: [{ upToRisk: 'High', expiresAfter: '1h' }],
        kubernetes: [{ apiGroups: ['apps'], resources: ['deployments'], verbs: ['patch'], decision: 'Allow' }],
        ...more,
      }),
    },
  ],
});

const planSpec: ActionPlanSpec = {
  action: { name: 'a', uid: 'u', generation: 1 },
  attempt: 1,
  requester: 'agent',
  playbook: { name: 'fix', digest: digestOf(playbookSpec) },
  account: 'remediator',
  template: digestOf('t'),
  says: { summary: 's' },
  steps: [{ name: 'one', command: ['true'] }],
  effects: [
    {
      index: 0,
      verb: 'patch',
      apiGroup: 'apps',
      version: 'v1',
      resource: 'deployments',
      kind: 'Deployment',
      namespace: 'shop',
      name: 'web',
      uid: 'w',
      changeDigest: digestOf('c'),
      origin: 'Observed',
      reversible: true,
    },
  ],
  risk: { level: 'Medium', parts: [] },
  rollback: { from: 'PreImages' },
  required: { approvals: 1, expiresAfter: '1h' },
  durationSeconds: 60,
};
const plan: NonNullable<Facts['plan']> = {
  apiVersion: 'sentinel.dev/v1alpha1',
  kind: 'ActionPlan',
  metadata: { name: 'a-1', namespace: 'shop' },
  spec: planSpec,
};
const planDigest = digestOf(planSpec);

const decision = (more: object = {}) =>
  JSON.stringify(
    sealRecord(
      { action: 'u', plan: planDigest, user: 'ada', groups: [], decision: 'approve', time: iso(-1), ...more },
      'k',
      privateKey,
    ),
  );

function action(
  state: State,
  more: {
    approvals?: string;
    generation?: number;
    cancelled?: boolean;
    deleted?: boolean;
    stages?: StageStatus[];
    finalizers?: string[];
  } = {},
): AgentAction {
  return {
    apiVersion: 'sentinel.dev/v1alpha1',
    kind: 'AgentAction',
    metadata: {
      name: 'a',
      namespace: 'shop',
      uid: 'u',
      generation: more.generation ?? 1,
      annotations: more.approvals === undefined ? {} : { [annotations.approvals]: more.approvals },
      ...(more.deleted ? { deletionTimestamp: iso(0) } : {}),
      finalizers: more.finalizers ?? [],
    },
    spec: { intent: { summary: 's' }, playbookRef: { name: 'fix' }, mode: 'Apply', cancelled: more.cancelled ?? false },
    status: {
      observedGeneration: 1,
      playbook: { name: 'fix', uid: 'p', digest: digestOf(playbookSpec) },
      plan: { name: 'a-1', digest: planDigest, risk: 'Medium', effects: 1 },
      conditions: [
        { type: 'Succeeded', status: 'Unknown', reason: state, message: '', lastTransitionTime: iso(-5) },
        { type: 'Rehearsed', status: 'True', reason: 'AsRequired', message: '', lastTransitionTime: iso(-5) },
      ],
      ...(more.stages ? { stages: more.stages } : {}),
    },
  };
}

const stage = (name: StageStatus['stage'], more: Partial<StageStatus> = {}): StageStatus => ({
  stage: name,
  attempt: 1,
  name,
  uid: name,
  ...more,
});
const job = (more: Partial<JobView> = {}): JobView => ({
  uid: 'j',
  suspended: false,
  phase: 'Running',
  podName: 'p',
  ends: [],
  failure: undefined,
  ...more,
});

const facts = (of: AgentAction, more: Partial<Facts> = {}): Facts => ({
  action: of,
  requester: { user: 'agent', groups: [] },
  policies: policies(),
  playbook,
  trust: { trusted: true, by: { playbook: 'p', digest: '', user: 'tess', groups: [], time: '', key: '', seal: '' } },
  keys: new Map([['k', publicKey]]),
  plan,
  mayUseAccount: true,
  stage: of.status?.stages?.at(-1),
  job: undefined,
  guards: [],
  acknowledged: undefined,
  live: true,
  now: NOW,
  ...more,
});

describe('The next step of an action', () => {
  const approved = action('AwaitingApproval', { approvals: decision() });
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
        { policies: policies({ audit: { requireSink: true } }), acknowledged: 2 },
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
      'whose policy wants more approvals now is to wait',
      facts(approved, { policies: policies({ approvals: [{ upToRisk: 'High', approvals: 2, expiresAfter: '1h' }] }) }),
      { kind: 'NoteDecisions' },
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
    ['that has ended lets go of its finalizer', facts(action('Succeeded', { finalizers: ['x'] })), { kind: 'LetGo' }],
    ['that has ended is nothing', facts(action('Blocked')), { kind: 'Wait' }],
  ];
  for (const [name, given, step] of rows) it(name, () => assert.partialDeepStrictEqual(decide(given), step));
});
