import type { AgentPolicy, AgentPolicySpec, ClusterAgentPolicy, RiskLevel } from '@sentinel/crds';
import { type PolicySet, readPolicy } from '@sentinel/policy';

/** Something about a policy that is probably not what its author meant. An error is never meant; a warning may be. */
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

/** What holds when exactly these policies speak of somebody, whatever their subjects and what is missing beside them. */
export const setOf = (policies: readonly AnyPolicy[]): PolicySet => ({
  policies: policies.map((policy) => ({ kind: policy.kind, name: policy.metadata.name, ...readPolicy(policy) })),
  environment: undefined,
  refusals: [],
});

/** Something that a pattern covers. */
export const sampleOf = (pattern: string): string => pattern.replaceAll('**', 'x').replaceAll('*', 'x').replaceAll('?', 'x');
