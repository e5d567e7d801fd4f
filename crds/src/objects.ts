import type { AgentActionSpec } from './v1alpha1/action.ts';
import type { AgentActionStatus } from './v1alpha1/action-status.ts';
import type { ActKind } from './v1alpha1/acts.ts';
import type { ActionPlanPartSpec, ActionPlanSpec } from './v1alpha1/plan.ts';
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
export interface ActionPlanPart extends Kind<'ActionPlanPart'> {
  spec: ActionPlanPartSpec;
}

/** How the API server names a kind. The shape is that of kube's ResourceKind; `type` carries `T` for the compiler and is never set. */
export interface Resource<T> {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly type?: T;
}

const resource = <T>(kind: string, plural: string, namespaced = true): Resource<T> => ({
  group: 'sentinel.dev',
  version: 'v1alpha1',
  plural,
  kind,
  namespaced,
});

export const agentPolicies = resource<AgentPolicy>('AgentPolicy', 'agentpolicies');
export const clusterAgentPolicies = resource<ClusterAgentPolicy>('ClusterAgentPolicy', 'clusteragentpolicies', false);
export const playbooks = resource<Playbook>('Playbook', 'playbooks');
export const agentActions = resource<AgentAction>('AgentAction', 'agentactions');
export const actionPlans = resource<ActionPlan>('ActionPlan', 'actionplans');
export const actionPlanParts = resource<ActionPlanPart>('ActionPlanPart', 'actionplanparts');

/** The resource of each kind whose acts are recorded. */
export const actResources: Readonly<Record<ActKind, Resource<AgentAction | Playbook | AgentPolicy | ClusterAgentPolicy>>> = {
  AgentAction: agentActions,
  Playbook: playbooks,
  AgentPolicy: agentPolicies,
  ClusterAgentPolicy: clusterAgentPolicies,
};
