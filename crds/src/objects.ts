import type { AgentActionSpec, AgentActionStatus } from './v1alpha1/action.ts';
import type { ActionPlanSpec } from './v1alpha1/plan.ts';
import type { PlaybookSpec, PlaybookStatus } from './v1alpha1/playbook.ts';
import type { AgentPolicySpec, ClusterAgentPolicySpec, PolicyStatus } from './v1alpha1/policy.ts';

/** The metadata that every object of the API server carries. */
export interface ObjectMeta {
  name: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: {
    apiVersion: string;
    kind: string;
    name: string;
    uid: string;
    controller?: boolean;
    blockOwnerDeletion?: boolean;
  }[];
}

interface Kind<K extends string> {
  apiVersion: 'sentinel.dev/v1alpha1';
  kind: K;
  metadata: ObjectMeta;
}

export interface AgentPolicy extends Kind<'AgentPolicy'> {
  spec: AgentPolicySpec;
  status?: PolicyStatus;
}
export interface ClusterAgentPolicy extends Kind<'ClusterAgentPolicy'> {
  spec: ClusterAgentPolicySpec;
  status?: PolicyStatus;
}
export interface Playbook extends Kind<'Playbook'> {
  spec: PlaybookSpec;
  status?: PlaybookStatus;
}
export interface AgentAction extends Kind<'AgentAction'> {
  spec: AgentActionSpec;
  status?: AgentActionStatus;
}
export interface ActionPlan extends Kind<'ActionPlan'> {
  spec: ActionPlanSpec;
}

/** How the API server names a kind of this group. The shape is that of kube's ResourceKind. */
export const resources = {
  agentPolicies: { group: 'sentinel.dev', version: 'v1alpha1', plural: 'agentpolicies', kind: 'AgentPolicy', namespaced: true },
  clusterAgentPolicies: {
    group: 'sentinel.dev',
    version: 'v1alpha1',
    plural: 'clusteragentpolicies',
    kind: 'ClusterAgentPolicy',
    namespaced: false,
  },
  playbooks: { group: 'sentinel.dev', version: 'v1alpha1', plural: 'playbooks', kind: 'Playbook', namespaced: true },
  agentActions: { group: 'sentinel.dev', version: 'v1alpha1', plural: 'agentactions', kind: 'AgentAction', namespaced: true },
  actionPlans: { group: 'sentinel.dev', version: 'v1alpha1', plural: 'actionplans', kind: 'ActionPlan', namespaced: true },
} as const;
