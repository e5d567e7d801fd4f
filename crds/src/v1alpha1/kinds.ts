import type { z } from 'zod';
import { AgentActionSpec } from './action.ts';
import { AgentActionStatus } from './action-status.ts';
import { keepsStatus } from './outbox.ts';
import { ActionPlanPartSpec, ActionPlanSpec } from './plan.ts';
import { PlaybookSpec, PlaybookStatus } from './playbook.ts';
import { AgentPolicySpec, ClusterAgentPolicySpec, PolicyStatus } from './policy.ts';

export const GROUP = 'sentinel.dev';
export const VERSION = 'v1alpha1';
export const API_VERSION = 'sentinel.dev/v1alpha1' as const;

interface PrinterColumn {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'date' | 'boolean';
  readonly jsonPath: string;
  readonly priority?: number;
}

/** Everything that a CustomResourceDefinition says of a kind. */
export interface KindDefinition {
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly namespaced: boolean;
  readonly description: string;
  readonly spec: z.ZodType;
  readonly status?: z.ZodType;
  readonly columns: readonly PrinterColumn[];
  /** Rules over the whole object; only metadata.name is visible there beside spec and status. */
  readonly rules?: readonly { readonly rule: string; readonly message: string }[];
}

const age: PrinterColumn = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };
const ready: readonly PrinterColumn[] = [
  { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
  { name: 'Reason', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].reason' },
];

const policyColumns: readonly PrinterColumn[] = [
  ...ready,
  { name: 'Modes', type: 'string', jsonPath: '.spec.modes' },
  { name: 'Suspended', type: 'boolean', jsonPath: '.spec.suspended' },
  age,
];

/** The kinds of this group, in the order in which the documentation introduces them. */
export const kinds: readonly KindDefinition[] = [
  {
    kind: 'ClusterAgentPolicy',
    plural: 'clusteragentpolicies',
    singular: 'clusteragentpolicy',
    shortNames: ['cagp'],
    namespaced: false,
    description: 'The floor of the cluster: what agents may do anywhere. Policies in namespaces can only be tighter.',
    spec: ClusterAgentPolicySpec,
    status: PolicyStatus,
    columns: policyColumns,
  },
  {
    kind: 'AgentPolicy',
    plural: 'agentpolicies',
    singular: 'agentpolicy',
    shortNames: ['agp'],
    namespaced: true,
    description: 'What agents may do in a namespace. It can tighten what the ClusterAgentPolicies allow, never loosen it.',
    spec: AgentPolicySpec,
    status: PolicyStatus,
    columns: policyColumns,
  },
  {
    kind: 'Playbook',
    plural: 'playbooks',
    singular: 'playbook',
    shortNames: ['pbk'],
    namespaced: true,
    description: 'An approved way of doing one thing. It is trusted by digest: any change makes it untrusted again.',
    spec: PlaybookSpec,
    status: PlaybookStatus,
    columns: [
      { name: 'Trusted', type: 'string', jsonPath: '.status.conditions[?(@.type=="Trusted")].status' },
      { name: 'Profile', type: 'string', jsonPath: '.spec.sandbox.profile' },
      { name: 'Account', type: 'string', jsonPath: '.spec.account' },
      { name: 'Healthy', type: 'string', jsonPath: '.status.conditions[?(@.type=="Healthy")].status' },
      { name: 'Category', type: 'string', jsonPath: '.spec.category', priority: 1 },
      { name: 'Schedule', type: 'string', jsonPath: '.spec.schedule.cron', priority: 1 },
      { name: 'Last Run', type: 'string', jsonPath: '.status.schedule.lastRun.state', priority: 1 },
      { name: 'Report', type: 'string', jsonPath: '.status.schedule.lastReport.conclusion', priority: 1 },
      { name: 'Next Run', type: 'string', jsonPath: '.status.schedule.nextRunTime', priority: 1 },
      age,
    ],
  },
  {
    kind: 'AgentAction',
    plural: 'agentactions',
    singular: 'agentaction',
    shortNames: ['aga'],
    namespaced: true,
    description:
      'A request of an agent. It is rehearsed, shown as a plan, approved by people, run exactly as approved, verified and recorded.',
    spec: AgentActionSpec,
    status: AgentActionStatus,
    columns: [
      { name: 'State', type: 'string', jsonPath: '.status.conditions[?(@.type=="Succeeded")].reason' },
      { name: 'Playbook', type: 'string', jsonPath: '.spec.playbookRef.name' },
      { name: 'Risk', type: 'string', jsonPath: '.status.plan.risk' },
      { name: 'Effects', type: 'integer', jsonPath: '.status.plan.effects' },
      { name: 'Change', type: 'string', jsonPath: '.status.plan.change', priority: 1 },
      { name: 'Message', type: 'string', jsonPath: '.status.conditions[?(@.type=="Succeeded")].message', priority: 1 },
      age,
    ],
    rules: [{ rule: 'self.metadata.name.size() <= 100', message: '`metadata.name` must be at most 100 characters' }, keepsStatus],
  },
  {
    kind: 'ActionPlan',
    plural: 'actionplans',
    singular: 'actionplan',
    shortNames: ['agpl'],
    namespaced: true,
    description: 'The result of a rehearsal: every write that the real run may make. Any other write is refused. Immutable.',
    spec: ActionPlanSpec,
    columns: [
      { name: 'Action', type: 'string', jsonPath: '.spec.action.name' },
      { name: 'Risk', type: 'string', jsonPath: '.spec.risk.level' },
      { name: 'Attempt', type: 'integer', jsonPath: '.spec.attempt' },
      { name: 'More Parts', type: 'integer', jsonPath: '.spec.notShownHere.parts' },
      age,
    ],
  },
  {
    kind: 'ActionPlanPart',
    plural: 'actionplanparts',
    singular: 'actionplanpart',
    shortNames: ['agplp'],
    namespaced: true,
    description:
      'Changes that do not fit into an ActionPlan, such as changes of long texts. The plan contains its digest. Immutable. `kubectl sentinel plan` shows it with its plan.',
    spec: ActionPlanPartSpec,
    columns: [{ name: 'Number', type: 'integer', jsonPath: '.spec.number' }, age],
  },
];
