import { generateKeyPairSync } from 'node:crypto';
import {
  type ActionPlan,
  type ActionPlanSpec,
  type AgentActionSpec,
  API_VERSION,
  annotations,
  namespaceLabels,
  namespaces,
  SEAL_KEYS,
} from '@sentinel/crds';
import { createClient, type KubeClient, type TransportRequest } from '@sentinel/kube';
import { adHocPlaybook, type Identity, playbookDigest, sealRecord } from '@sentinel/policy';
import { anAction, aPlaybook, aScaling } from '@sentinel/policy/testing';
import { newRecording } from '../rehearse/recording.ts';
import type { Enforcement, Run } from '../run/run.ts';
import { type Fault, MemoryApi } from './memory-api.fixture.ts';
import { Serializer } from './serializer.ts';

const keys = generateKeyPairSync('ed25519');
const SENTINEL = '/apis/sentinel.dev/v1alpha1';

export const NOW = Date.parse('2026-01-01T12:00:00Z');
/** A time so many minutes from now, in milliseconds since the epoch. */
export const minutes = (count: number) => NOW + count * 60_000;
const time = (count: number) => new Date(minutes(count)).toISOString();

export const DIGEST = `sha256:${'1'.repeat(64)}`;
export const agent: Identity = { user: 'agent', uid: '1', groups: ['agents'] };
export const ref = { namespace: 'shop', name: 'a', uid: 'uid-a' };

/** Where each object is. */
export const paths = {
  action: `${SENTINEL}/namespaces/shop/agentactions/a`,
  parent: `${SENTINEL}/namespaces/shop/agentactions/whole`,
  playbook: `${SENTINEL}/namespaces/shop/playbooks/fix`,
  policy: `${SENTINEL}/namespaces/shop/agentpolicies/own`,
  floor: `${SENTINEL}/clusteragentpolicies/floor`,
  namespace: '/api/v1/namespaces/shop',
  keys: `/api/v1/namespaces/${namespaces.system}/configmaps/${SEAL_KEYS}`,
  suspensions: `/api/v1/namespaces/${namespaces.ledger}/configmaps/suspensions`,
} as const;

const playbook = aPlaybook({
  steps: [{ name: 'one', command: ['kubectl', 'scale', 'deployment/web', '--replicas=2'] }],
  autonomy: 'Auto',
});
const floor = {
  modes: ['DryRun', 'Apply'],
  approvals: [{ upToRisk: 'Critical', approvals: 1, expiresAfter: '1h' }],
  kubernetes: [{ apiGroups: ['apps'], resources: ['deployments'], verbs: ['*'], decision: 'Allow' }],
  commands: [{ prefix: ['kubectl'], decision: 'Allow' }],
};
/** A floor that lets plans of a low risk start without a person. */
export const lenient = { ...floor, approvals: [{ upToRisk: 'Critical', autoReview: true }] };

/** No person has approved it: its policies let it start alone. */
export const alone = {
  annotations: { [annotations.approvals]: '' },
  floor: lenient,
  plan: { required: { approvals: 0, autoReview: true, expiresAfter: '4h' } },
};
/** Ad-hoc steps in place of a Playbook. */
export const adHoc = {
  playbookRef: undefined,
  steps: [{ name: 'one', command: ['kubectl', 'version'] }],
  account: 'remediator',
  image: 'tools',
} as unknown as Partial<AgentActionSpec>;

/** How an action, its plan and its policies differ from those of an ordinary run. */
export interface More {
  readonly spec?: Partial<AgentActionSpec>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly plan?: Partial<ActionPlanSpec>;
  readonly floor?: object;
}

/** A run that ada has approved: all that the gateway reads about it, in an API server that a test changes. */
export class ApprovedRun {
  readonly api = new MemoryApi();
  /** The requests so far. */
  readonly requests: TransportRequest[] = [];
  readonly client: KubeClient;
  readonly plan: ActionPlan;
  /** What goes wrong with a request. */
  fault: (request: TransportRequest) => Fault | undefined = () => undefined;

  constructor(more: More = {}) {
    const transport = this.api.connect(
      (request) => {
        this.requests.push(request);
        return this.fault(request);
      },
      () => false,
    );
    this.client = createClient(transport, { readRetries: 0 });
    this.api.review = () => ({ allowed: true });
    const action = anAction({ metadata: { uid: 'uid-a' }, spec: more.spec ?? {} });
    this.plan = planOf(playbookDigest(adHocPlaybook(action) ?? playbook), more.plan);
    this.#put(paths.namespace, { labels: { [namespaceLabels.enabled]: 'true', [namespaceLabels.environment]: 'staging' } });
    this.#put(paths.floor, {}, { kind: 'ClusterAgentPolicy', spec: more.floor ?? floor });
    this.#put(paths.policy, { namespace: 'shop' }, { kind: 'AgentPolicy', spec: { modes: ['DryRun', 'Apply'] } });
    this.#put(
      paths.playbook,
      { namespace: 'shop', annotations: { [annotations.authors]: stamp('tom'), [annotations.trust]: trust() } },
      playbook,
    );
    const published = keys.publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
    this.#put(paths.keys, {}, { data: { k1: published } });
    this.#put(
      paths.action,
      {
        namespace: 'shop',
        annotations: {
          [annotations.requestedBy]: JSON.stringify(agent),
          [annotations.approvals]: decision(),
          ...more.annotations,
        },
      },
      { ...action, status: { stages: [{ stage: 'run', attempt: 1, name: 'j', uid: 'job-1', plan: DIGEST }] } },
    );
  }

  /** Changes an object, as somebody else would. */
  change(path: string, change: (object: Changeable) => void): void {
    this.api.change(path, (object) => change(object as unknown as Changeable));
  }

  /** Says what the ledger notes of the kill switches of policies. */
  note(data: Readonly<Record<string, string>>): void {
    this.#put(paths.suspensions, {}, { data });
  }

  /** Puts the action `whole` there. */
  putParent(more: Partial<AgentActionSpec> = {}): void {
    const action = anAction({ metadata: { name: 'whole' }, spec: more });
    this.#put(
      paths.parent,
      { namespace: 'shop', annotations: { [annotations.requestedBy]: JSON.stringify(agent) } },
      { kind: action.kind, spec: action.spec },
    );
  }

  /** The run of the action. */
  run(more: Partial<Enforcement> = {}): Run {
    return {
      stage: 'run',
      jobUid: 'job-1',
      podUid: 'p',
      podName: 'p',
      namespace: 'shop',
      actionName: 'a',
      actionUid: 'uid-a',
      generation: 1,
      account: 'remediator',
      requester: agent,
      mayWrite: true,
      recording: newRecording(),
      enforcement: {
        plan: this.plan,
        digest: DIGEST,
        risk: 'Low',
        recordedAt: minutes(-30),
        claim: 'claim-x',
        claimedAt: NOW,
        consumed: new Set(),
        turns: new Serializer(),
        blocked: undefined,
        ...more,
      },
    };
  }

  #put(path: string, metadata: object, object: object = {}): void {
    // A copy, because a test changes it.
    this.api.put(path, structuredClone(object));
    this.api.change(path, (stored) => Object.assign(stored.metadata, metadata));
  }
}

interface Changeable {
  metadata: Record<string, unknown> & { annotations: Record<string, string | undefined>; labels: Record<string, string> };
  spec: Record<string, unknown>;
  status: { stages: Record<string, unknown>[] | undefined } | undefined;
  data: Record<string, string>;
}

/** A decision of ada on the plan, sealed. */
export const decision = (more: object = {}): string => {
  const base = { action: 'uid-a', plan: DIGEST, user: 'ada', uid: '7', groups: ['sre'], extra: { scope: ['x'] } };
  return JSON.stringify(sealRecord({ ...base, decision: 'approve', time: time(-10), ...more }, 'k1', keys.privateKey));
};

const stamp = (user: string) => JSON.stringify({ user, groups: [] });

const trust = (): string => {
  const record = { playbook: 'uid-fix', digest: playbookDigest(playbook), user: 'tess', groups: [], time: time(-60) };
  return JSON.stringify(sealRecord(record, 'k1', keys.privateKey));
};

const planOf = (digest: string, more: Partial<ActionPlanSpec> = {}): ActionPlan => ({
  apiVersion: API_VERSION,
  kind: 'ActionPlan',
  metadata: { name: 'a-1', namespace: 'shop' },
  spec: {
    action: { name: 'a', uid: 'uid-a', generation: 1 },
    attempt: 1,
    requester: agent.user,
    playbook: { name: 'fix', digest },
    account: 'remediator',
    environment: 'staging',
    template: DIGEST,
    says: { summary: 's' },
    steps: [],
    effects: [aScaling()],
    risk: { level: 'Low', score: 0, parts: [] },
    rollback: { from: 'PreImages' },
    required: { approvals: 1, expiresAfter: '1h' },
    durationSeconds: 60,
    ...more,
  },
});
