import { generateKeyPairSync } from 'node:crypto';
import { type ActionPlanSpec, type AgentAction, annotations, digestOf, type StageStatus, type State } from '@sentinel/crds';
import { type PolicySet, sealRecord } from '@sentinel/policy';
import { anAction, anEffect, aPlaybook, aPlaybookSpec, aPolicySet, clusterPolicy, TRUSTED } from '@sentinel/policy/testing';
import type { Facts, JobView } from '../facts/facts.ts';

const { publicKey, privateKey } = generateKeyPairSync('ed25519');
export const NOW = Date.parse('2026-01-01T12:00:00Z');
export const iso = (minutes: number) => new Date(NOW + minutes * 60_000).toISOString();

export const playbookSpec = aPlaybookSpec({
  verify: [{ name: 'ready', command: ['true'] }],
  rollback: { from: 'PreImages' },
});
export const playbook = aPlaybook(playbookSpec);

export const policies = (more: object = {}): PolicySet =>
  aPolicySet(
    [
      clusterPolicy({
        modes: ['DryRun', 'Apply'],
        approvals: [{ upToRisk: 'High', expiresAfter: '1h' }],
        kubernetes: [{ apiGroups: ['apps'], resources: ['deployments'], verbs: ['patch'], decision: 'Allow' }],
        ...more,
      }),
    ],
    { environment: 'staging' },
  );

export const planSpec: ActionPlanSpec = {
  action: { name: 'a', uid: 'u', generation: 1 },
  attempt: 1,
  requester: 'agent',
  playbook: { name: 'fix', digest: digestOf(playbookSpec) },
  account: 'remediator',
  environment: 'staging',
  template: digestOf('t'),
  says: { summary: 's' },
  steps: [{ name: 'one', command: ['true'] }],
  effects: [anEffect({ uid: 'w' })],
  risk: { level: 'Medium', score: 20, parts: [] },
  rollback: { from: 'PreImages' },
  required: { approvals: 1, expiresAfter: '1h' },
  durationSeconds: 60,
};
export const plan: NonNullable<Facts['plan']> = {
  apiVersion: 'sentinel.dev/v1alpha1',
  kind: 'ActionPlan',
  metadata: { name: 'a-1', namespace: 'shop' },
  spec: planSpec,
};
export const planDigest = digestOf(planSpec);

export const decision = (more: object = {}) =>
  JSON.stringify(
    sealRecord(
      { action: 'u', plan: planDigest, user: 'ada', uid: '', groups: [], extra: {}, decision: 'approve', time: iso(-1), ...more },
      'k',
      privateKey,
    ),
  );

export function action(
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
  return anAction({
    metadata: {
      generation: more.generation ?? 1,
      annotations: more.approvals === undefined ? {} : { [annotations.approvals]: more.approvals },
      ...(more.deleted ? { deletionTimestamp: iso(0) } : {}),
      finalizers: more.finalizers ?? [],
    },
    spec: { cancelled: more.cancelled ?? false },
    status: {
      observedGeneration: 1,
      playbook: { name: 'fix', uid: 'p', digest: digestOf(playbookSpec) },
      plan: { name: 'a-1', digest: planDigest, risk: 'Medium', effects: 1 },
      conditions: [
        { type: 'Succeeded', status: 'Unknown', reason: state, message: '', lastTransitionTime: iso(-5) },
        { type: 'Rehearsed', status: 'True', reason: 'Satisfied', message: '', lastTransitionTime: iso(-5) },
      ],
      ...(more.stages ? { stages: more.stages } : {}),
    },
  });
}

export const stage = (name: StageStatus['stage'], more: Partial<StageStatus> = {}): StageStatus => ({
  stage: name,
  attempt: 1,
  name,
  uid: name,
  ...more,
});
export const job = (more: Partial<JobView> = {}): JobView => ({
  uid: 'j',
  suspended: false,
  phase: 'Running',
  podName: 'p',
  ending: false,
  ends: [],
  restarts: {},
  failure: undefined,
  ...more,
});

export const facts = (of: AgentAction, more: Partial<Facts> = {}): Facts => ({
  action: of,
  requester: { user: 'agent', groups: [] },
  scheduledBy: [],
  policies: policies(),
  playbook,
  trust: TRUSTED,
  keys: new Map([['k', publicKey]]),
  plan,
  parent: undefined,
  mayUseAccount: true,
  stage: of.status?.stages?.at(-1),
  job: undefined,
  guards: [],
  storage: { own: 0, used: 0, takers: 1, total: 512 * 2 ** 20 },
  activity: [],
  sink: undefined,
  live: true,
  now: NOW,
  ...more,
});
