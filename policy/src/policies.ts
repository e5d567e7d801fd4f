import {
  type AgentPolicy,
  type AgentPolicySpec,
  type ClusterAgentPolicy,
  type ClusterAgentPolicySpec,
  namespaceLabels,
  type ObjectMeta,
} from '@sentinel/crds';
import type { CompiledCommands } from './commands/index.ts';
import { type Identity, isSubject } from './identity.ts';
import { readPolicy } from './read-policy.ts';
import type { Refusal } from './verdict.ts';

/** A policy that speaks of a requester in a namespace. `spec` is undefined when it can't be read: then it refuses everything. */
export interface ApplicablePolicy {
  readonly kind: 'AgentPolicy' | 'ClusterAgentPolicy';
  readonly name: string;
  readonly digest: string;
  readonly spec: (AgentPolicySpec & Pick<ClusterAgentPolicySpec, 'identity' | 'modelEndpoint'>) | undefined;
  /** Its rules about commands, compiled; undefined when it has no opinion on commands. */
  readonly commands?: CompiledCommands | undefined;
  /** Whether it is a kill switch that is on, also where it can't be read. */
  readonly suspended?: boolean;
  /** Why it can't be read, with the path of each fault. */
  readonly faults?: readonly string[];
}

/** Everything that the policies of a namespace say about a requester. Nothing depends on the order of the list. */
export interface PolicySet {
  readonly policies: readonly ApplicablePolicy[];
  /** Policies that only say what they would have refused. They count for nothing else, but for their kill switch. */
  readonly auditOnly?: readonly ApplicablePolicy[];
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
  const all = [...cluster, ...local].filter((policy) => policy !== undefined).sort(byName);
  const policies = all.filter(({ spec }) => !spec?.auditOnly);
  return {
    policies,
    auditOnly: all.filter(({ spec }) => spec?.auditOnly),
    environment: metadata.labels?.[namespaceLabels.environment],
    refusals: missingParts(metadata, policies, requester, {
      floor: sources.clusterPolicies.length > 0,
      own: sources.policies.some((policy) => policy.metadata.namespace === metadata.name),
    }),
  };
}

const byName = (a: ApplicablePolicy, b: ApplicablePolicy): number =>
  (a.kind === b.kind ? a.name < b.name : a.kind < b.kind) ? -1 : 1;

function applicable(
  policy: AgentPolicy | ClusterAgentPolicy,
  requester: Identity,
  namespace: string | undefined,
): ApplicablePolicy | undefined {
  const read = readPolicy(policy);
  if (read.spec !== undefined && !isSubject(read.spec.subjects, requester, namespace)) return undefined;
  return { kind: policy.kind, name: policy.metadata.name, ...read };
}

function missingParts(
  metadata: ObjectMeta,
  policies: readonly ApplicablePolicy[],
  requester: Identity,
  has: { readonly floor: boolean; readonly own: boolean },
): Refusal[] {
  const why = (some: boolean) => (some ? 'those that there are speak of others, or only look on' : 'there is none');
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
      `no ClusterAgentPolicy speaks of '${requester.user}': ${why(has.floor)}`,
      'An admin of the cluster creates one: without a floor nothing runs.',
    );
  }
  if (!policies.some((policy) => policy.kind === 'AgentPolicy')) {
    refuse(
      'policy',
      `no AgentPolicy in namespace '${metadata.name}' speaks of '${requester.user}': ${why(has.own)}`,
      'An admin creates one there: without a policy of the namespace nothing runs.',
    );
  }
  for (const policy of policies) {
    if (policy.spec === undefined) {
      found.push({
        policy: policyName(policy),
        rule: 'spec',
        message: `the policy can not be read, so it counts as the strictest there is${policy.faults?.[0] === undefined ? '' : `: ${policy.faults[0]}`}`,
        remedy: 'An admin corrects it; its status says what is wrong.',
      });
    }
  }
  return found;
}
