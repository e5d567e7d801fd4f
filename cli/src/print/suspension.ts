import { type AgentAction, type AgentPolicy, agentPolicies, type ClusterAgentPolicy, clusterAgentPolicies } from '@sentinel/crds';
import type { Suspension } from '@sentinel/policy';
import type { Session } from '../session.ts';
import { age } from '../terminal/table.ts';
import { visible } from '../terminal/visible.ts';

/**
 * The kill switches that are on: from the status of policies, if the caller may read them, and from the status of suspended actions,
 * because approvers often cannot read ClusterAgentPolicies.
 */
export async function readSuspensions(
  { client, namespace, flags }: Session,
  actions: readonly AgentAction[],
): Promise<Suspension[]> {
  const scope = flags.allNamespaces ? {} : { namespace };
  const [local, cluster] = await Promise.all([
    client.list(agentPolicies, scope).then(
      ({ items }) => items,
      () => [],
    ),
    client.list(clusterAgentPolicies).then(
      ({ items }) => items,
      () => [],
    ),
  ]);
  const all = [...cluster, ...local].filter(({ spec }) => spec?.suspended === true).map(suspensionOf);
  const held = actions.flatMap(({ metadata, status }) =>
    (status?.suspension ?? []).map((one) => ({ ...one, policy: withNamespace(one.policy, metadata.namespace) })),
  );
  const known = new Map<string, Suspension>();
  for (const one of [...held, ...all]) known.set(one.policy, one);
  return [...known.values()];
}

function suspensionOf({ kind, metadata, status }: AgentPolicy | ClusterAgentPolicy): Suspension {
  const { suspended, by, since } = status?.suspension ?? {};
  const policy = withNamespace(`${kind}/${metadata.name}`, metadata.namespace);
  return { policy, ...(suspended ? { by, since } : {}) };
}

const withNamespace = (policy: string, namespace: string | undefined) =>
  policy.startsWith('AgentPolicy/') && namespace !== undefined ? `${policy} in namespace ${namespace}` : policy;

/** A line for each kill switch that is on. */
export function renderSuspensions(list: readonly Suspension[], now: number): string[] {
  return list.map(({ policy, by, since }) =>
    visible(
      `SUSPENDED by ${policy}${by === undefined ? '' : `, turned on by ${by}, ${age(since, now)} ago`}: nothing that it covers starts, and approvals do not count until it is turned off`,
    ),
  );
}
