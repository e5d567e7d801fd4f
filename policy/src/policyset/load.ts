import { type AgentPolicy, type ClusterAgentPolicy, namespaceLabels, type ObjectMeta } from '@sentinel/crds';
import { agentRules } from '../identity/agents.ts';
import { type Identity, isSubject } from '../identity/identity.ts';
import type { Refusal } from '../verdict/verdict.ts';
import { readPolicy } from './compile.ts';
import { type ApplicablePolicy, type PolicySet, policyName } from './policy-set.ts';

export interface PolicySources {
  readonly namespace: { readonly metadata: ObjectMeta };
  readonly clusterPolicies: readonly ClusterAgentPolicy[];
  readonly policies: readonly AgentPolicy[];
}

/** Collects the policies that apply to a requester in a namespace. */
export function policySet(sources: PolicySources, requester: Identity): PolicySet {
  const { metadata } = sources.namespace;
  const cluster = sources.clusterPolicies.map((policy) => applicable(policy, requester, undefined));
  const own = sources.policies.filter((policy) => policy.metadata.namespace === metadata.name);
  const local = own.map((policy) => applicable(policy, requester, metadata.name));
  const all = [...cluster, ...local].filter((policy) => policy !== undefined).sort(byName);
  const policies = all.filter(({ spec }) => !spec?.auditOnly);
  return {
    policies,
    auditOnly: all.filter(({ spec }) => spec?.auditOnly),
    agents: agentRules([...sources.clusterPolicies, ...own]),
    environment: metadata.labels?.[namespaceLabels.environment],
    refusals: missingParts(metadata, policies, requester, {
      floor: sources.clusterPolicies.length > 0,
      own: own.length > 0,
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
  const suspension = policy.status?.suspension;
  return {
    kind: policy.kind,
    name: policy.metadata.name,
    ...read,
    ...(suspension ? { suspension } : {}),
    ...(read.suspended === (suspension?.suspended ?? false) ? {} : { suspensionNamed: false }),
  };
}

function missingParts(
  metadata: ObjectMeta,
  policies: readonly ApplicablePolicy[],
  requester: Identity,
  has: { readonly floor: boolean; readonly own: boolean },
): Refusal[] {
  const why = (some: boolean) => (some ? 'existing policies match other subjects or are audit-only' : 'there is none');
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
      `no ClusterAgentPolicy applies to '${requester.user}': ${why(has.floor)}`,
      'An admin of the cluster creates one: without a floor nothing runs.',
    );
  }
  if (!policies.some((policy) => policy.kind === 'AgentPolicy')) {
    refuse(
      'policy',
      `no AgentPolicy in namespace '${metadata.name}' applies to '${requester.user}': ${why(has.own)}`,
      'An admin creates one there: without a policy of the namespace nothing runs.',
    );
  }
  for (const policy of policies) {
    if (policy.spec === undefined) {
      found.push({
        policy: policyName(policy),
        rule: 'spec',
        message: `the policy cannot be read, so it is treated as deny-all until it is fixed${policy.faults?.[0] === undefined ? '' : `: ${policy.faults[0]}`}`,
        remedy: 'An admin corrects it; its status says what is wrong.',
      });
    }
  }
  return found;
}
