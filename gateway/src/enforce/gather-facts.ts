import {
  type ActionPlan,
  type AgentAction,
  API_VERSION,
  agentActions,
  agentPolicies,
  annotations,
  clusterAgentPolicies,
  namespaces as own,
  type Playbook,
  playbooks,
  SEAL_KEYS,
} from '@sentinel/crds';
import { configmaps, type KubeClient, namespaces } from '@sentinel/kube';
import {
  accountUsers,
  adHocPlaybook,
  allHold,
  type Identity,
  isAdHoc,
  type Parent,
  type PlanFacts,
  type PolicySet,
  parentOf,
  parseIdentities,
  parseIdentity,
  peopleOfSchedule,
  playbookDigest,
  policySet,
  readSealKeys,
  type SealKeys,
  type Trust,
  trustOf,
  UNTRUSTED_STEPS,
} from '@sentinel/policy';
import { liftedAt, noteKey, readSuspensions } from '../ledger/suspensions.ts';
import { forbidden } from '../request/refused.ts';
import type { Enforcement } from '../run/run.ts';

/** The objects that belong to an action, from live reads. */
export interface Surroundings {
  readonly action: AgentAction;
  readonly requester: Identity;
  /** Who amended it; for the action of a schedule also the authors of its Playbook and who trusted it. */
  readonly editors: readonly Identity[];
  readonly policies: PolicySet;
  readonly keys: SealKeys;
  /** The Playbook that it names; undefined if it does not exist, and for ad-hoc steps. */
  readonly live: Playbook | undefined;
  readonly parent: Parent | undefined;
  /** When the last suspension of the action was lifted, as observed by the gateway; undefined if there was none. */
  readonly liftedAt: number | undefined;
}

interface Reference {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/**
 * Reads the objects that belong to an action from the API server, without relying on caches or on the operator. Throws Refused if the
 * action does not exist or has no requester.
 */
export async function gatherSurroundings(client: KubeClient, { namespace, name, uid }: Reference): Promise<Surroundings> {
  const [action, tenant, cluster, local, keys, suspensions] = await Promise.all([
    client.get(agentActions, { namespace, name }),
    client.get(namespaces, { name: namespace }),
    client.list(clusterAgentPolicies),
    client.list(agentPolicies, { namespace }),
    client.get(configmaps, { name: SEAL_KEYS, namespace: own.system }),
    readSuspensions(client),
  ]);
  if (!action || action.metadata.uid !== uid) throw forbidden('ActionGone', 'the action of the run is gone');
  if (!tenant) throw forbidden('ActionGone', `namespace '${namespace}' is gone`);
  const requester = parseIdentity(action.metadata.annotations?.[annotations.requestedBy]);
  const editors = parseIdentities(action.metadata.annotations?.[annotations.amendedBy]);
  if (!requester || !editors)
    throw forbidden(
      'RequesterMissing',
      'missing requester annotation (the admission webhook did not run); create the action again',
    );
  const parentName = action.spec.intent.parentAction;
  const [live, parent] = await Promise.all([
    isAdHoc(action.spec) ? null : client.get(playbooks, { name: action.spec.playbookRef?.name ?? '', namespace }),
    parentName === undefined ? null : client.get(agentActions, { name: parentName, namespace }),
  ]);
  const policies = policySet(
    { namespace: { metadata: { ...tenant.metadata, name: namespace } }, clusterPolicies: cluster.items, policies: local.items },
    requester,
  );
  const existing = [...cluster.items, ...local.items].map(({ kind, metadata }) =>
    noteKey(kind, metadata.name, metadata.namespace),
  );
  const sealKeys = readSealKeys(keys?.data as Record<string, string> | undefined);
  return {
    action,
    requester,
    editors: [...editors, ...peopleOfSchedule(requester, live ?? undefined)],
    policies,
    liftedAt: liftedAt(suspensions, policies, namespace, existing, Date.now()),
    keys: sealKeys,
    live: live ?? undefined,
    parent: parent ? parentOf(parent) : undefined,
  };
}

/** The facts for evaluating a plan, and its current action. */
export interface GatheredFacts {
  readonly facts: PlanFacts;
  readonly action: AgentAction;
  readonly parent: Parent | undefined;
}

/**
 * Reads everything that `evaluatePlan` needs. Approvals must be valid at `now`; `recordedAt` is when the gateway sealed the recording of
 * the plan, `claimedAt` when the run was claimed, if it was. Throws Refused.
 */
export async function gatherFacts(
  client: KubeClient,
  ref: Reference,
  {
    plan,
    digest,
    recordedAt,
    claimedAt,
  }: Pick<Enforcement, 'plan' | 'digest' | 'recordedAt'> & { readonly claimedAt?: number | undefined },
  now: number,
): Promise<GatheredFacts> {
  const { action, requester, editors, policies, keys, live, parent, liftedAt: lifted } = await gatherSurroundings(client, ref);
  const unchanged = live !== undefined && playbookDigest(live) === plan.spec.playbook.digest ? live : undefined;
  const playbook = admittedPlaybook(action, plan, unchanged);
  const trust: Trust = isAdHoc(action.spec)
    ? UNTRUSTED_STEPS
    : unchanged
      ? trustOf(unchanged, keys, policies)
      : { trusted: false, why: 'it changed or was deleted after the action was admitted' };
  const users = accountUsers(requester, { action, playbook, trust });
  const facts: PlanFacts = {
    action,
    plan: plan.spec,
    digest,
    requester,
    editors,
    policies,
    playbook,
    live: unchanged,
    trust,
    mayUseAccount: await mayAllUse(client, users, ref.namespace, plan.spec.account),
    keys,
    // Earlier runs and concurrent runs are counted by the operator; the gateway checks the policies.
    succeeded: undefined,
    limits: [],
    // A suspension before the recording does not affect it; one after the claim has ended the run.
    resumedAt: lifted !== undefined && lifted > recordedAt && lifted <= (claimedAt ?? lifted) ? lifted : undefined,
    now,
  };
  return { facts, action, parent };
}

// The Playbook that was rehearsed: the copy in the plan, or the live one while it is unchanged.
function admittedPlaybook(action: AgentAction, { spec }: ActionPlan, live: Playbook | undefined): Playbook | undefined {
  const copy: Playbook | undefined = spec.playbook.spec && {
    apiVersion: API_VERSION,
    kind: 'Playbook',
    metadata: { name: spec.playbook.name, namespace: action.metadata.namespace ?? '' },
    spec: spec.playbook.spec,
  };
  const found = adHocPlaybook(action) ?? copy ?? live;
  return found && playbookDigest(found) === spec.playbook.digest ? found : undefined;
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
