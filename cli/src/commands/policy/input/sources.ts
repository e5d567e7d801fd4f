import {
  type AgentPolicy,
  agentPolicies,
  type ClusterAgentPolicy,
  clusterAgentPolicies,
  namespaceLabels,
  type ObjectMeta,
  type Playbook,
  playbooks,
} from '@sentinel/crds';
import { type KubeClient, namespaces } from '@sentinel/kube';
import { type Identity, type PolicySet, policySet } from '@sentinel/policy';
import { UsageError } from '../../../usage-error.ts';
import type { PolicyTest } from './question.ts';

/** Policies, and the objects that questions are about, from files or from a cluster. */
export interface Sources {
  readonly clusterPolicies: readonly ClusterAgentPolicy[];
  readonly policies: readonly AgentPolicy[];
  readonly playbooks: readonly Playbook[];
  readonly namespaces: ReadonlyMap<string, ObjectMeta>;
  readonly tests: readonly { readonly file: string; readonly test: PolicyTest }[];
  /** Whether they come from a cluster: then nothing is assumed about a namespace that was not read. */
  readonly live: boolean;
}

/** Reads the policies of a cluster that apply in a namespace. Throws UsageError if the namespace does not exist. */
export async function readCluster(client: KubeClient, namespace: string): Promise<Sources> {
  const [cluster, local, books, object] = await Promise.all([
    client.list(clusterAgentPolicies),
    client.list(agentPolicies, { namespace }),
    client.list(playbooks, { namespace }),
    client.get(namespaces, { name: namespace }),
  ]);
  if (!object) throw new UsageError('ObjectNotFound', `there is no namespace '${namespace}'; see: kubectl get namespaces`);
  return {
    clusterPolicies: cluster.items,
    policies: local.items,
    playbooks: books.items,
    namespaces: new Map([[namespace, { ...object.metadata, name: namespace }]]),
    tests: [],
    live: true,
  };
}

/**
 * The policies for an identity in a namespace. A namespace that no file describes is assumed to have opted in; a namespace of a
 * cluster must have been read.
 */
export function policiesFor(sources: Sources, identity: Identity, namespace: string, environment?: string): PolicySet {
  const known = sources.namespaces.get(namespace);
  if (!known && sources.live)
    throw new UsageError(
      'FlagRequired',
      `only the policies of namespace '${[...sources.namespaces.keys()][0] ?? ''}' were read; pass -n ${namespace}`,
    );
  const labels = known ? known.labels : { [namespaceLabels.enabled]: 'true' };
  const metadata = {
    name: namespace,
    labels: environment === undefined ? (labels ?? {}) : { ...labels, [namespaceLabels.environment]: environment },
  };
  const { clusterPolicies, policies } = sources;
  const about = (user: string) =>
    policySet({ namespace: { metadata }, clusterPolicies, policies }, withGroups({ ...identity, user }));
  const set = about(identity.user);
  const account = accountMeant(identity.user);
  if (account === undefined || about(account).refusals.length >= set.refusals.length) return set;
  const hinted = set.refusals.map((one) =>
    one.rule === 'floor' || one.rule === 'policy' ? { ...one, message: `${one.message}; is '${account}' meant?` } : one,
  );
  return { ...set, refusals: hinted };
}

// ServiceAccounts are written as NAMESPACE:NAME in many places; here they are users as the API server names them.
const accountMeant = (user: string): string | undefined =>
  /^[a-z0-9-]+:[a-z0-9.-]+$/.test(user) ? `system:serviceaccount:${user}` : undefined;

/** An identity with the groups that the API server adds to every identity of its kind. */
export function withGroups(identity: Identity): Identity {
  const [, namespace] = /^system:serviceaccount:([^:]+):/.exec(identity.user) ?? [];
  const given = namespace === undefined ? [] : ['system:serviceaccounts', `system:serviceaccounts:${namespace}`];
  return { ...identity, groups: [...new Set([...identity.groups, ...given, 'system:authenticated'])] };
}
