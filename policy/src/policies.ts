import {
  type AgentPolicy,
  AgentPolicySpec,
  type ClusterAgentPolicy,
  ClusterAgentPolicySpec,
  digestOf,
  namespaceLabels,
  type ObjectMeta,
} from '@sentinel/crds';
import { type Identity, isSubject } from './identity.ts';
import type { Refusal } from './verdict.ts';

/** A policy that speaks of a requester in a namespace. `spec` is undefined when it can't be read: then it refuses everything. */
export interface ApplicablePolicy {
  readonly kind: 'AgentPolicy' | 'ClusterAgentPolicy';
  readonly name: string;
  readonly digest: string;
  readonly spec: AgentPolicySpec | undefined;
}

/** Everything that the policies of a namespace say about a requester. Nothing depends on the order of the list. */
export interface PolicySet {
  readonly policies: readonly ApplicablePolicy[];
  readonly environment: string | undefined;
  /** What already refuses everything: the namespace has not opted in, a floor or a policy is missing, a policy can't be read. */
  readonly refusals: readonly Refusal[];
}

export interface PolicySources {
  readonly namespace: { readonly metadata: ObjectMeta };
  readonly clusterPolicies: readonly ClusterAgentPolicy[];
  readonly policies: readonly AgentPolicy[];
}

/** The name of a policy in messages. */
export const policyName = (policy: { kind: string; name: string }): string => `${policy.kind}/${policy.name}`;

/** Collects the policies that speak of a requester in a namespace. */
export function policySet(sources: PolicySources, requester: Identity): PolicySet {
  const { metadata } = sources.namespace;
  const cluster = sources.clusterPolicies.map((policy) => applicable(policy, requester, undefined));
  const local = sources.policies
    .filter((policy) => policy.metadata.namespace === metadata.name)
    .map((policy) => applicable(policy, requester, metadata.name));
  const policies = [...cluster, ...local]
    .filter((policy) => policy !== undefined)
    .sort((a, b) => (policyName(a) < policyName(b) ? -1 : 1));
  return {
    policies,
    environment: metadata.labels?.[namespaceLabels.environment],
    refusals: missingParts(metadata, policies, requester),
  };
}

function applicable(
  policy: AgentPolicy | ClusterAgentPolicy,
  requester: Identity,
  namespace: string | undefined,
): ApplicablePolicy | undefined {
  const parsed = (policy.kind === 'AgentPolicy' ? AgentPolicySpec : ClusterAgentPolicySpec).safeParse(policy.spec);
  const read = { kind: policy.kind, name: policy.metadata.name, digest: digestOf(policy.spec ?? null) };
  if (!parsed.success) return { ...read, spec: undefined };
  return isSubject(parsed.data.subjects, requester, namespace) ? { ...read, spec: parsed.data } : undefined;
}

function missingParts(metadata: ObjectMeta, policies: readonly ApplicablePolicy[], requester: Identity): Refusal[] {
  const found: Refusal[] = [];
  const refuse = (rule: string, message: string, remedy: string) => found.push({ policy: 'Sentinel', rule, message, remedy });
  if (metadata.labels?.[namespaceLabels.enabled] !== 'true') {
    refuse(
      'opt-in',
      `namespace '${metadata.name}' has not opted in`,
      `An admin of the cluster opts it in with: kubectl label namespace ${metadata.name} ${namespaceLabels.enabled}=true`,
    );
  }
  if (!policies.some((policy) => policy.kind === 'ClusterAgentPolicy')) {
    refuse(
      'floor',
      `no ClusterAgentPolicy speaks of '${requester.user}'`,
      'An admin of the cluster creates one: without a floor nothing runs.',
    );
  }
  if (!policies.some((policy) => policy.kind === 'AgentPolicy')) {
    refuse(
      'policy',
      `no AgentPolicy in namespace '${metadata.name}' speaks of '${requester.user}'`,
      'An admin creates one there: without a policy of the namespace nothing runs.',
    );
  }
  for (const policy of policies) {
    if (policy.spec === undefined) {
      found.push({
        policy: policyName(policy),
        rule: 'spec',
        message: 'the policy can not be read, so it counts as the strictest there is',
        remedy: 'An admin corrects it; its status says what is wrong.',
      });
    }
  }
  return found;
}
