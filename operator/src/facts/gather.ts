import {
  type AgentAction,
  actionPlans,
  agentActions,
  agentPolicies,
  annotations,
  clusterAgentPolicies,
  namespaces as own,
  type Playbook,
  playbooks,
  SEAL_KEYS,
} from '@sentinel/crds';
import { type AnyObject, configmaps, jobs, type KubeClient, namespaces, pods } from '@sentinel/kube';
import {
  type Activity,
  accountUsers,
  adHocPlaybook,
  allHold,
  type Identity,
  isAdHoc,
  parentOf,
  parseIdentity,
  peopleOfSchedule,
  policySet,
  readSealKeys,
  requiresEvidence,
  type StorageUse,
  trustOf,
  UNTRUSTED_STEPS,
} from '@sentinel/policy';
import { findActor } from '../acts/find-actor.ts';
import type { SinkCursor } from '../audit/exporter.ts';
import type { Caches } from '../caches.ts';
import { stateOf } from '../status/conditions.ts';
import type { Facts, JobView } from './facts.ts';
import { readGuards } from './guards/read.ts';
import { viewJob } from './job-view.ts';
import { playbookInForce } from './pinned-playbook.ts';

/** The facts about an action from the caches: enough to see whether there is anything to do. */
export async function gatherFromCaches(
  caches: Caches,
  client: KubeClient,
  action: AgentAction,
  sink: SinkCursor | undefined,
  activity: readonly Activity[],
  now: number,
): Promise<Facts> {
  const namespace = action.metadata.namespace ?? '';
  const tenant = caches.namespaces.store.get(namespace);
  const playbook = adHocPlaybook(action) ?? caches.playbooks.store.get(`${namespace}/${action.spec.playbookRef?.name ?? ''}`);
  const parent = caches.actions.store.get(`${namespace}/${action.spec.intent.parentAction ?? ''}`);
  const amended = caches.actions.store.get(`${namespace}/${action.spec.amends?.name ?? ''}`);
  const stage = action.status?.stages?.at(-1);
  const job = stage ? caches.jobs.store.get(`${own.sandboxes}/${stage.name}`) : undefined;
  const sources = { tenant, clusterPolicies: caches.clusterPolicies.store.list(), policies: caches.policies.store.list() };
  const plan = action.status?.plan ? await client.get(actionPlans, { name: action.status.plan.name, namespace }) : null;
  const keys = caches.sealKeys.store.get(`${own.system}/${SEAL_KEYS}`);
  const pod = stage ? caches.pods.store.byIndex('job', stage.uid)[0] : undefined;
  const facts = assemble(action, sources, playbook, keys, {
    plan: plan ?? undefined,
    parent: parent && parentOf(parent),
    amended,
    stage,
    job: view(job, pod, stage?.uid, now),
    sink,
    now,
  });
  return {
    ...facts,
    original: caches.actions.store.get(`${namespace}/${action.spec.rollbackOf?.name ?? ''}`),
    undoneBy: undoerOf(caches, action),
    deletedBy: await deleterOf(client, action),
    mayUseAccount: undefined,
    guards: [],
    activity,
    live: false,
  };
}

/** The facts that only the gateway has. */
export interface GatewayFacts {
  /** Why the dry-run policy inside the API server is not enforced; undefined if it is. */
  lock(): Promise<string | undefined>;
  /** The stored size of actions, from the view of a namespace; undefined if it cannot be determined. */
  storage(namespace: string): Promise<StorageUse | undefined>;
}

/** Why the evidence store does not take evidence of a namespace now; undefined if it does. */
export type EvidenceFault = (namespace: string) => Promise<string | undefined>;

/** What live facts are read from, beside the API server. */
export interface LiveSources {
  readonly gateway: GatewayFacts;
  /** The guards of a real run as this release renders them. */
  readonly guards: readonly AnyObject[];
  readonly evidenceFault: EvidenceFault;
}

/** The same with live reads, for decisions that cannot be undone. */
export async function gatherLive(
  client: KubeClient,
  { gateway, guards, evidenceFault }: LiveSources,
  action: AgentAction,
  sink: SinkCursor | undefined,
  activity: readonly Activity[],
  now: number,
): Promise<Facts> {
  const namespace = action.metadata.namespace ?? '';
  const name = action.spec.playbookRef?.name;
  const parentName = action.spec.intent.parentAction;
  const stage = action.status?.stages?.at(-1);
  const { rollbackOf, amends } = action.spec;
  const [tenant, cluster, local, named, keys, plan, parent, original, amended, job, podList] = await Promise.all([
    client.get(namespaces, { name: namespace }),
    client.list(clusterAgentPolicies),
    client.list(agentPolicies, { namespace }),
    name === undefined ? null : client.get(playbooks, { name, namespace }),
    client.get(configmaps, { name: SEAL_KEYS, namespace: own.system }),
    action.status?.plan ? client.get(actionPlans, { name: action.status.plan.name, namespace }) : null,
    parentName === undefined ? null : client.get(agentActions, { name: parentName, namespace }),
    rollbackOf === undefined ? null : client.get(agentActions, { name: rollbackOf.name, namespace }),
    amends === undefined ? null : client.get(agentActions, { name: amends.name, namespace }),
    stage ? client.get(jobs, { name: stage.name, namespace: own.sandboxes }) : null,
    stage
      ? client.list(pods, { namespace: own.sandboxes, labelSelector: `batch.kubernetes.io/controller-uid=${stage.uid}` })
      : { items: [], resourceVersion: '' },
  ]);
  const sources = { tenant: tenant ?? undefined, clusterPolicies: cluster.items, policies: local.items };
  const playbook = adHocPlaybook(action) ?? named;
  const view_ = view(job ?? undefined, podList.items[0], stage?.uid, now);
  const facts = assemble(action, sources, playbook ?? undefined, keys ?? undefined, {
    plan: plan ?? undefined,
    parent: parent ? parentOf(parent) : undefined,
    amended: amended ?? undefined,
    stage,
    job: view_,
    sink,
    now,
  });
  const account = facts.playbook?.spec.account;
  const mayUseAccount =
    facts.requester && account !== undefined
      ? await mayAllUse(client, accountUsers(facts.requester, facts), namespace, account)
      : undefined;
  const state = stateOf(action.status);
  const starting = ['AwaitingApproval', 'ChangesRequested', 'Starting', 'Suspended'].includes(state);
  const deletedBy = await deleterOf(client, action);
  return {
    ...facts,
    original: original ?? undefined,
    deletedBy,
    mayUseAccount,
    guards: starting ? await readGuards(client, guards, () => gateway.lock()) : [],
    ...(starting && requiresEvidence(facts.policies) ? { evidence: await evidenceOf(evidenceFault, namespace) } : {}),
    storage: starting || state === 'Pending' ? await gateway.storage(namespace) : undefined,
    activity,
    live: true,
  };
}

function undoerOf(caches: Caches, { metadata }: AgentAction): Facts['undoneBy'] {
  const undoer = caches.actions.store
    .byIndex('undoes', metadata.uid ?? '')
    .find((one) => one.metadata.namespace === metadata.namespace && stateOf(one.status) === 'Succeeded');
  return undoer && { name: undoer.metadata.name, uid: undoer.metadata.uid ?? '' };
}

async function evidenceOf(evidenceFault: EvidenceFault, namespace: string): Promise<NonNullable<Facts['evidence']>> {
  const fault = await evidenceFault(namespace);
  return fault === undefined ? 'Ready' : { fault };
}

interface Sources {
  readonly tenant: AnyObject | undefined;
  readonly clusterPolicies: Parameters<typeof policySet>[0]['clusterPolicies'];
  readonly policies: Parameters<typeof policySet>[0]['policies'];
}

type Around = Pick<Facts, 'plan' | 'parent' | 'amended' | 'stage' | 'job' | 'sink' | 'now'>;

function assemble(
  action: AgentAction,
  sources: Sources,
  playbook: Playbook | undefined,
  keyMap: AnyObject | undefined,
  around: Around,
): Omit<Facts, 'mayUseAccount' | 'guards' | 'storage' | 'activity' | 'live'> {
  const requester = parseIdentity(action.metadata.annotations?.[annotations.requestedBy]);
  const metadata = { ...sources.tenant?.metadata, name: action.metadata.namespace ?? '' };
  const keys = readSealKeys(keyMap?.data as Record<string, string> | undefined);
  const policies = policySet(
    { namespace: { metadata }, clusterPolicies: sources.clusterPolicies, policies: sources.policies },
    requester ?? { user: 'nobody', groups: [] },
  );
  return {
    action,
    namespaceUid: sources.tenant?.metadata.uid,
    requester,
    scheduledBy: requester ? peopleOfSchedule(requester, playbook) : [],
    policies,
    playbook: playbookInForce(action, around.plan, playbook),
    trust: isAdHoc(action.spec) ? UNTRUSTED_STEPS : trustOf(playbook, keys, policies),
    keys,
    ...around,
  };
}

// A Job of the same name with another uid is ignored, and so is a pod that belongs to another Job.
function view(job: AnyObject | undefined, pod: AnyObject | undefined, uid: string | undefined, now: number): JobView | undefined {
  return job && job.metadata.uid === uid ? viewJob(job, pod, now) : undefined;
}

async function deleterOf(client: KubeClient, { metadata }: AgentAction): Promise<string | undefined> {
  if (metadata.deletionTimestamp === undefined) return undefined;
  return (await findActor(client, { object: metadata.uid ?? '', transition: 'ActionDeleted' }))?.by;
}

/** Whether each of these people holds the verb `use` on an account. */
export const mayAllUse = (client: KubeClient, users: readonly Identity[], namespace: string, account: string): Promise<boolean> =>
  allHold(users, (user) => mayUse(client, user, namespace, account));

async function mayUse(client: KubeClient, requester: Identity, namespace: string, account: string): Promise<boolean> {
  const review = await client.subjectAccessReview({
    user: requester.user,
    groups: [...requester.groups],
    ...(requester.uid ? { uid: requester.uid } : {}),
    resourceAttributes: { group: 'sentinel.dev', resource: 'accounts', verb: 'use', namespace, name: account },
  });
  return review.allowed && !review.denied;
}
