import type { AgentPolicy, ClusterAgentPolicy } from '@sentinel/crds';
import { type Identity, isSubject } from './identity.ts';

/** A policy that makes an identity an agent: with a single subject, or with a group of the floor. */
export interface AgentRule {
  readonly policy: string;
  readonly namespace: string | undefined;
  readonly kind: 'User' | 'ServiceAccount' | 'Group';
  readonly name: string;
  readonly subjectNamespace: string | undefined;
}

type Policy = Pick<AgentPolicy | ClusterAgentPolicy, 'kind' | 'metadata'> & { readonly spec?: unknown };

/**
 * The agents according to these policies: Users and ServiceAccounts in their `subjects`, and the groups in `identity.agentGroups` of
 * ClusterAgentPolicies. Members of a group in `subjects` are not agents, because people may be members; a policy without subjects makes nobody
 * an agent. Parsed without the schema: a policy with a fault elsewhere still defines agents.
 */
export function agentRules(policies: readonly Policy[]): AgentRule[] {
  return policies.flatMap(({ kind, metadata, spec }) => {
    const { subjects, identity } = (spec ?? {}) as { subjects?: unknown; identity?: { agentGroups?: unknown } | null };
    const base = { policy: `${kind}/${metadata.name}`, namespace: metadata.namespace, subjectNamespace: undefined };
    const named = listOf(subjects).flatMap((subject): AgentRule[] => {
      const { kind: what, name, namespace } = (subject ?? {}) as { kind?: unknown; name?: unknown; namespace?: unknown };
      if ((what !== 'User' && what !== 'ServiceAccount') || typeof name !== 'string') return [];
      return [{ ...base, kind: what, name, subjectNamespace: typeof namespace === 'string' ? namespace : undefined }];
    });
    if (kind !== 'ClusterAgentPolicy') return named;
    const groups = listOf(identity?.agentGroups).filter((group) => typeof group === 'string');
    return [...named, ...groups.map((name): AgentRule => ({ ...base, kind: 'Group', name }))];
  });
}

/** Why an identity is an agent, as a text that follows "is an agent:"; undefined if it is not an agent. */
export function whyAgent(rules: readonly AgentRule[], identity: Identity): string | undefined {
  const rule = rules.find(({ kind, name, subjectNamespace, namespace }) =>
    isSubject([{ kind, name, ...(subjectNamespace === undefined ? {} : { namespace: subjectNamespace }) }], identity, namespace),
  );
  if (!rule) return undefined;
  return rule.kind === 'Group'
    ? `${rule.policy} names the group '${rule.name}' in \`identity.agentGroups\``
    : `${rule.policy} names it in \`subjects\``;
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
