import { isDeepStrictEqual } from 'node:util';
import {
  type AgentPolicy,
  agentPolicies,
  type ClusterAgentPolicy,
  clusterAgentPolicies,
  type PolicyStatus,
} from '@sentinel/crds';
import { copyOf, type KubeClient, type Result, setCondition } from '@sentinel/kube';
import { readPolicy } from '@sentinel/policy';
import type { Caches } from '../caches.ts';

/** Says of a policy whether it can be read. One that can't counts as the strictest there is. Owns Ready. */
export async function reconcilePolicy(client: KubeClient, caches: Caches, key: string, now: Date): Promise<Result> {
  const policy = caches.policies.store.get(key);
  const status = policy && statusOf(policy, now);
  if (policy && status && !isDeepStrictEqual(status, policy.status))
    await client.replaceStatus(agentPolicies, { ...copyOf(policy), status });
  return undefined;
}

/** The same for a policy of the cluster. */
export async function reconcileClusterPolicy(client: KubeClient, caches: Caches, key: string, now: Date): Promise<Result> {
  const policy = caches.clusterPolicies.store.get(key);
  const status = policy && statusOf(policy, now);
  if (policy && status && !isDeepStrictEqual(status, policy.status))
    await client.replaceStatus(clusterAgentPolicies, { ...copyOf(policy), status });
  return undefined;
}

function statusOf(policy: AgentPolicy | ClusterAgentPolicy, now: Date): PolicyStatus {
  const { digest, faults, spec } = readPolicy(policy);
  const generation = policy.metadata.generation;
  const good = faults.length === 0;
  const inForce = spec?.suspended
    ? 'in force: everything it covers is suspended'
    : spec?.auditOnly
      ? 'refuses nothing: says what it would have refused'
      : 'in force';
  const ready = {
    type: 'Ready',
    status: good ? ('True' as const) : ('False' as const),
    reason: good ? 'Satisfied' : 'Invalid',
    message: (good ? inForce : `invalid policy: treated as deny-all until fixed: ${faults.join('; ')}`).slice(0, 2048),
    observedGeneration: generation,
  };
  return { observedGeneration: generation, conditions: setCondition(policy.status?.conditions, ready, now), digest };
}
