import type { AgentPolicy, AgentPolicySpec, ClusterAgentPolicy, RiskLevel } from '@sentinel/crds';
import { type PolicySet, readPolicy } from '@sentinel/policy';

/** A finding about a policy that its author probably did not intend. An error is never intended; a warning may be. */
export interface Finding {
  readonly level: 'error' | 'warning';
  readonly policy: string;
  readonly path: string;
  readonly message: string;
}

/** A policy of either kind, as linting reads it. */
export type AnyPolicy = (AgentPolicy | ClusterAgentPolicy) & { readonly spec: AgentPolicySpec };

/** Levels of risk, the lowest first. */
export const RISKS: readonly RiskLevel[] = ['Low', 'Medium', 'High', 'Critical'];

/** The name of a policy in findings. */
export const nameOf = ({ kind, metadata }: AnyPolicy): string =>
  kind === 'ClusterAgentPolicy' ? `${kind}/${metadata.name}` : `${kind}/${metadata.namespace ?? '?'}/${metadata.name}`;

/** The policy set of exactly these policies, regardless of their subjects and of missing policies. */
export const setOf = (policies: readonly AnyPolicy[]): PolicySet => ({
  policies: policies.map((policy) => ({ kind: policy.kind, name: policy.metadata.name, ...readPolicy(policy) })),
  environment: undefined,
  refusals: [],
});

/** An example that a pattern matches. */
export const sampleOf = (pattern: string): string => pattern.replaceAll('**', 'x').replaceAll('*', 'x').replaceAll('?', 'x');
