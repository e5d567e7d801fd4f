import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { annotations } from '@sentinel/crds';
import type { Facts } from '../facts/facts.ts';
import { action, decision, facts, job, NOW, policies, stage } from './decide.fixture.ts';
import { decideNextStep } from './next-step.ts';

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
      { kind: 'End', state: 'Denied', codes: ['AccountNotAllowed'] },
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
  ];
  for (const [name, given, step] of rows) it(name, () => assert.partialDeepStrictEqual(decideNextStep(given), step));
});
