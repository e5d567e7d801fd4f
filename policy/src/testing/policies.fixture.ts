import { AgentPolicySpec, ClusterAgentPolicySpec } from '@sentinel/crds';
import type { ApplicablePolicy, PolicySet } from '../policyset/policy-set.ts';

/** A policy of a namespace that applies. Its fields are those of a YAML file. */
export const agentPolicy = (spec: object = {}, name = 'p'): ApplicablePolicy => ({
  kind: 'AgentPolicy',
  name,
  digest: '',
  spec: AgentPolicySpec.parse(spec),
});

/** A policy of the cluster that applies. Its fields are those of a YAML file. */
export const clusterPolicy = (spec: object = {}, name = 'floor'): ApplicablePolicy => ({
  kind: 'ClusterAgentPolicy',
  name,
  digest: '',
  spec: ClusterAgentPolicySpec.parse(spec),
});

/** What policies say together, in no environment. */
export const aPolicySet = (policies: readonly ApplicablePolicy[] = [], more: Partial<PolicySet> = {}): PolicySet => ({
  policies,
  environment: undefined,
  refusals: [],
  ...more,
});

/** Policies of the cluster by the names p0, p1 and so on. */
export const clusterPolicies = (...specs: readonly object[]): PolicySet =>
  aPolicySet(specs.map((spec, index) => clusterPolicy(spec, `p${index}`)));
