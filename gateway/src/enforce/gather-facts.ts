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
} from '@sentinel/crds';
import { configmaps, type KubeClient, namespaces } from '@sentinel/kube';
import {
  adHocPlaybook,
  type Identity,
  isAdHoc,
  type PlanFacts,
  parentOf,
  parseIdentities,
  parseIdentity,
  playbookDigest,
  policySet,
  readSealKeys,
  trustOf,
  UNTRUSTED_STEPS,
} from '@sentinel/policy';
import { forbidden } from '../request/refused.ts';

/** The ConfigMap in which the webhook publishes the public keys of its seals. */
export const SEAL_KEYS = 'sentinel-seal-keys';

/** What a plan is judged by, and the action that it belongs to as it is now. */
export interface GatheredFacts {
  readonly facts: PlanFacts;
  readonly action: AgentAction;
  readonly parent: ReturnType<typeof parentOf> | undefined;
}

/**
 * Reads everything that `evaluatePlan` asks for from the API server, believing neither a cache nor the operator. `now` is the moment
 * for which approvals must be good. Throws Refused when the action is gone or carries no requester.
 */
export async function gatherFacts(
  client: KubeClient,
  ref: { readonly namespace: string; readonly name: string; readonly uid: string },
  plan: ActionPlan,
  digest: string,
  now: number,
): Promise<GatheredFacts> {
  const { namespace, name } = ref;
  const [action, tenant, cluster, local, keys] = await Promise.all([
    client.get(agentActions, { namespace, name }),
    client.get(namespaces, { name: namespace }),
    client.list(clusterAgentPolicies),
    client.list(agentPolicies, { namespace }),
    client.get(configmaps, { name: SEAL_KEYS, namespace: own.system }),
  ]);
  if (!action || action.metadata.uid !== ref.uid) throw forbidden('the action of the run is gone');
  if (!tenant) throw forbidden(`namespace '${namespace}' is gone`);
  const requester = parseIdentity(action.metadata.annotations?.[annotations.requestedBy]);
  const editors = parseIdentities(action.metadata.annotations?.[annotations.amendedBy]);
  if (!requester || !editors)
    throw forbidden('missing requester annotation (the admission webhook did not run); create the action again');
  const parentName = action.spec.intent.parentAction;
  const [live, mayUseAccount, parent] = await Promise.all([
    isAdHoc(action.spec) ? null : client.get(playbooks, { name: action.spec.playbookRef?.name ?? '', namespace }),
    mayUse(client, requester, namespace, plan.spec.account),
    parentName === undefined ? null : client.get(agentActions, { name: parentName, namespace }),
  ]);
  const sealKeys = readSealKeys(keys?.data as Record<string, string> | undefined);
  const unchanged = live !== null && playbookDigest(live) === plan.spec.playbook.digest ? live : undefined;
  const facts: PlanFacts = {
    action,
    plan: plan.spec,
    digest,
    requester,
    editors,
    policies: policySet(
      { namespace: { metadata: { ...tenant.metadata, name: namespace } }, clusterPolicies: cluster.items, policies: local.items },
      requester,
    ),
    playbook: admittedPlaybook(action, plan, unchanged),
    trust: isAdHoc(action.spec)
      ? UNTRUSTED_STEPS
      : unchanged
        ? trustOf(unchanged, sealKeys)
        : { trusted: false, why: 'it changed or was deleted after the action was admitted' },
    mayUseAccount,
    keys: sealKeys,
    // How often a Playbook succeeded, and what else runs, is the operator's to count; the gateway holds what policy says.
    succeeded: undefined,
    limits: [],
    now,
  };
  return { facts, action, parent: parent ? parentOf(parent) : undefined };
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

/** Whether a requester holds the verb `use` on an account. */
export async function mayUse(client: KubeClient, requester: Identity, namespace: string, account: string): Promise<boolean> {
  const review = await client.subjectAccessReview({
    user: requester.user,
    groups: [...requester.groups],
    ...(requester.uid ? { uid: requester.uid } : {}),
    resourceAttributes: { group: 'sentinel.dev', resource: 'accounts', verb: 'use', namespace, name: account },
  });
  return review.allowed && !review.denied;
}
