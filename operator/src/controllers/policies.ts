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
import { findActor, UNKNOWN_ACTOR } from '../acts/find-actor.ts';
import type { Caches } from '../caches.ts';
import { cut } from '../status/text.ts';

/**
 * Reports whether a policy is valid, and who turned its kill switch on or off. An invalid policy is treated as deny-all.
 * Owns the condition Ready.
 */
export async function reconcilePolicy(client: KubeClient, caches: Caches, key: string, now: Date): Promise<Result> {
  const policy = caches.policies.store.get(key);
  const status = policy && statusOf(policy, await suspensionOf(client, policy, now), now);
  if (policy && status && !isDeepStrictEqual(status, policy.status))
    await client.replaceStatus(agentPolicies, { ...copyOf(policy), status });
  return undefined;
}

/** The same for a policy of the cluster. */
export async function reconcileClusterPolicy(client: KubeClient, caches: Caches, key: string, now: Date): Promise<Result> {
  const policy = caches.clusterPolicies.store.get(key);
  const status = policy && statusOf(policy, await suspensionOf(client, policy, now), now);
  if (policy && status && !isDeepStrictEqual(status, policy.status))
    await client.replaceStatus(clusterAgentPolicies, { ...copyOf(policy), status });
  return undefined;
}

/**
 * The person who turned the kill switch on or off, looked up once for each change. Unknown if the webhook did not run: the kill switch works
 * without it, and the audit log of the API server has the name.
 */
async function suspensionOf(
  client: KubeClient,
  policy: AgentPolicy | ClusterAgentPolicy,
  now: Date,
): Promise<PolicyStatus['suspension']> {
  const known = policy.status?.suspension;
  const { suspended, digest } = readPolicy(policy);
  if (suspended === (known?.suspended ?? false)) return known;
  const { uid = '', generation } = policy.metadata;
  const transition = suspended ? 'PolicySuspended' : 'PolicyLifted';
  const actor = await findActor(client, { object: uid, transition, generation, digest });
  return { suspended, by: cut(actor?.by ?? UNKNOWN_ACTOR, 512), since: actor?.since ?? now.toISOString() };
}

function statusOf(policy: AgentPolicy | ClusterAgentPolicy, suspension: PolicyStatus['suspension'], now: Date): PolicyStatus {
  const { digest, faults, spec } = readPolicy(policy);
  const generation = policy.metadata.generation;
  const good = faults.length === 0;
  const inForce = spec?.suspended
    ? `in force: everything it covers is suspended${suspension?.suspended ? ` (by ${suspension.by} since ${suspension.since})` : ''}`
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
  return {
    observedGeneration: generation,
    conditions: setCondition(policy.status?.conditions, ready, now),
    digest,
    ...(suspension ? { suspension } : {}),
  };
}
