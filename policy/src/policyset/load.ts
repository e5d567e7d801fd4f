import { type AgentPolicy, type ClusterAgentPolicy, namespaceLabels, type ObjectMeta } from '@sentinel/crds';
import { agentRules } from '../identity/agents.ts';
import { type Identity, isSubject } from '../identity/identity.ts';
import type { PolicyErrorCode } from '../verdict/policy-errors.ts';
import type { Refusal } from '../verdict/verdict.ts';
import { readPolicy } from './compile.ts';
import { type ApplicablePolicy, isBeingDeleted, POLICIES_MAX, type PolicySet, policyName } from './policy-set.ts';
import { trustedDigests } from './trusted-digests.ts';

export interface PolicySources {
  readonly namespace: { readonly metadata: ObjectMeta };
  readonly clusterPolicies: readonly ClusterAgentPolicy[];
  readonly policies: readonly AgentPolicy[];
}

/**
 * How much the policies of a namespace may have together, as JSON, to be read: reading takes time and memory of every program. The webhook
 * takes half as much, because replicas do not see at once what the others take.
 */
const READ_MAX = 2 * POLICIES_MAX;

// The policies that fit into READ_MAX, in the order of their names.
function readable(own: readonly AgentPolicy[]): AgentPolicy[] {
  let room = READ_MAX;
  const byName = own.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  return byName.filter(({ spec }) => {
    room -= JSON.stringify(spec ?? null).length;
    return room >= 0;
  });
}

/** Collects the policies that apply to a requester in a namespace. */
export function policySet(sources: PolicySources, requester: Identity): PolicySet {
  const { metadata } = sources.namespace;
  const cluster = sources.clusterPolicies.map((policy) => applicable(policy, requester, undefined));
  const own = sources.policies.filter((policy) => policy.metadata.namespace === metadata.name);
  const read = readable(own);
  const local = read.map((policy) => applicable(policy, requester, metadata.name));
  const all = [...cluster, ...local].filter((policy) => policy !== undefined).sort(byName);
  const policies = all.filter(({ spec }) => !spec?.auditOnly);
  return {
    policies,
    auditOnly: all.filter(({ spec }) => spec?.auditOnly),
    agents: agentRules([...sources.clusterPolicies, ...own]),
    trustedDigests: trustedDigests(sources.clusterPolicies),
    environment: metadata.labels?.[namespaceLabels.environment],
    refusals: missingParts(metadata, policies, requester, {
      floor: sources.clusterPolicies.length > 0,
      own: own.length > 0,
      unread: own.length - read.length,
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
    ...(isBeingDeleted(policy) ? { isBeingDeleted: true } : {}),
    ...(suspension ? { suspension } : {}),
    ...(read.suspended === (suspension?.suspended ?? false) ? {} : { suspensionNamed: false }),
  };
}

function missingParts(
  metadata: ObjectMeta,
  policies: readonly ApplicablePolicy[],
  requester: Identity,
  has: { readonly floor: boolean; readonly own: boolean; readonly unread: number },
): Refusal[] {
  const why = (kind: ApplicablePolicy['kind'], some: boolean) => {
    if (policies.some((policy) => policy.kind === kind)) return 'the last one is being deleted';
    return some ? 'existing policies match other subjects or are audit-only' : 'there is none';
  };
  const lasts = (kind: ApplicablePolicy['kind']) => policies.some((policy) => policy.kind === kind && !policy.isBeingDeleted);
  const found: Refusal[] = [];
  const refuse = (code: PolicyErrorCode, rule: string, message: string) =>
    found.push({ code, policy: 'Sentinel', rule, message });
  if (metadata.labels?.[namespaceLabels.enabled] !== 'true') {
    refuse('NamespaceNotEnabled', 'opt-in', `namespace '${metadata.name}' has not opted in`);
  }
  if (!lasts('ClusterAgentPolicy')) {
    refuse(
      'ClusterPolicyMissing',
      'floor',
      `no ClusterAgentPolicy applies to '${requester.user}': ${why('ClusterAgentPolicy', has.floor)}`,
    );
  }
  if (!lasts('AgentPolicy')) {
    refuse(
      'NamespacePolicyMissing',
      'policy',
      `no AgentPolicy in namespace '${metadata.name}' applies to '${requester.user}': ${why('AgentPolicy', has.own)}`,
    );
  }
  if (has.unread > 0)
    refuse(
      'PoliciesTooLarge',
      'policies',
      `the AgentPolicies of namespace '${metadata.name}' are too large together, so ${has.unread} of them are not read`,
    );
  for (const policy of policies) {
    if (policy.spec === undefined) {
      found.push({
        code: 'PolicyInvalid',
        policy: policyName(policy),
        rule: 'spec',
        message: `invalid policy: treated as deny-all until it is fixed${policy.faults?.[0] === undefined ? '' : `: ${policy.faults[0]}`}`,
      });
    }
  }
  return found;
}
