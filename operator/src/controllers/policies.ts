import { isDeepStrictEqual } from 'node:util';
import {
  type AgentPolicy,
  AgentPolicySpec,
  agentPolicies,
  type ClusterAgentPolicy,
  ClusterAgentPolicySpec,
  clusterAgentPolicies,
  digestOf,
  type PolicyStatus,
} from '@sentinel/crds';
import { copyOf, type KubeClient, type Result, setCondition } from '@sentinel/kube';
import type { Caches } from '../caches.ts';

/** Says of a policy whether it can be read. One that can't counts as the strictest there is. Owns Ready. */
export async function reconcilePolicy(client: KubeClient, caches: Caches, key: string, now: Date): Promise<Result> {
  const policy = caches.policies.store.get(key);
  const status = policy && statusOf(policy, AgentPolicySpec.safeParse(policy.spec).error?.message, now);
  if (policy && status && !isDeepStrictEqual(status, policy.status))
    await client.replaceStatus(agentPolicies, { ...copyOf(policy), status });
  return undefined;
}

/** The same for a policy of the cluster. */
export async function reconcileClusterPolicy(client: KubeClient, caches: Caches, key: string, now: Date): Promise<Result> {
  const policy = caches.clusterPolicies.store.get(key);
  const status = policy && statusOf(policy, ClusterAgentPolicySpec.safeParse(policy.spec).error?.message, now);
  if (policy && status && !isDeepStrictEqual(status, policy.status))
    await client.replaceStatus(clusterAgentPolicies, { ...copyOf(policy), status });
  return undefined;
}

function statusOf(policy: AgentPolicy | ClusterAgentPolicy, fault: string | undefined, now: Date): PolicyStatus {
  const generation = policy.metadata.generation;
  const ready = {
    type: 'Ready',
    status: fault === undefined ? ('True' as const) : ('False' as const),
    reason: fault === undefined ? 'AsRequired' : 'Invalid',
    message: (fault ?? (policy.spec.suspended ? 'in force: everything it covers is suspended' : 'in force')).slice(0, 2048),
    observedGeneration: generation,
  };
  return {
    observedGeneration: generation,
    conditions: setCondition(policy.status?.conditions, ready, now),
    digest: digestOf(policy.spec),
  };
}
