import type { ActionPlan, AgentAction, Playbook, Stage, StageStatus } from '@sentinel/crds';
import type { Activity, DeciderRights, Identity, Parent, PolicySet, SealKeys, StorageUse, Trust } from '@sentinel/policy';
import type { SinkCursor } from '../audit/exporter.ts';

/** How one container of a sandbox pod ended. */
export interface ContainerEnd {
  readonly name: string;
  readonly exitCode: number;
  readonly reason: string | undefined;
}

/** A sandbox Job, from the API server. */
export interface JobView {
  readonly uid: string;
  readonly suspended: boolean;
  /** `Ended` when the pod is terminal or its deletion is overdue, or when the Job ended and has no pod any more. */
  readonly phase: 'Waiting' | 'Running' | 'Ended';
  readonly podName: string | undefined;
  /** The Job is complete and its pod was deleted since, so the outcome of its steps is unknown. */
  readonly podGone?: boolean;
  /** Its pod is being deleted. From then on the gateway refuses its requests, and the states of its containers prove nothing. */
  readonly ending: boolean;
  /** When its deletion is overdue, so that it counts as ended, in milliseconds since the epoch; undefined when it is not being deleted. */
  readonly lostAt?: number | undefined;
  readonly ends: readonly ContainerEnd[];
  /** How often the kubelet executed a container again, by name; only containers that were. */
  readonly restarts: Readonly<Record<string, number>>;
  readonly failure: string | undefined;
}

/** Everything that the next step of an action depends on. Gathered first; decisions read nothing else. */
export interface Facts {
  readonly action: AgentAction;
  /** The uid of its namespace; undefined if the namespace was not found. */
  readonly namespaceUid?: string | undefined;
  readonly requester: Identity | undefined;
  /** The people who count as requesters of the action of a schedule; empty for other actions. */
  readonly scheduledBy: readonly Identity[];
  readonly policies: PolicySet;
  /** The Playbook that the action names, or the one that is built from its ad-hoc steps. From the start of the real run: as it was admitted, or undefined. */
  readonly playbook: Playbook | undefined;
  readonly trust: Trust;
  readonly keys: SealKeys;
  /** The current rights of the approvers; read right before a start, and undefined until then. */
  readonly deciders?: ReadonlyMap<string, DeciderRights>;
  readonly plan: ActionPlan | undefined;
  /** The action that this one undoes; undefined if it names none or it does not exist. */
  readonly original?: AgentAction | undefined;
  /** The action that has undone this one; undefined if none has. */
  readonly undoneBy?: { readonly name: string; readonly uid: string } | undefined;
  /** The current parent action; undefined if the action names none or it does not exist. */
  readonly parent: Parent | undefined;
  /** The action that this one amends; undefined if it amends none, or if that does not exist. */
  readonly amended?: AgentAction | undefined;
  /** Whether the requester may use the account; undefined if it was not checked in this reconcile. */
  readonly mayUseAccount: boolean | undefined;
  /** The newest stage of the current attempt and its Job; the Job is undefined when it is gone. */
  readonly stage: StageStatus | undefined;
  readonly job: JobView | undefined;
  /** What is missing or altered among the guards of a real run; only read before a start. */
  readonly guards: readonly string[];
  /** Whether the evidence store takes evidence now, or why not; only read before a start, where policy requires it. */
  readonly evidence?: 'Ready' | { readonly fault: string };
  /** The records that the sink of the audit trail has acknowledged; undefined without a sink. */
  readonly sink: SinkCursor | undefined;
  /** The stored size of actions; only read before a rehearsal or a run, and undefined as well if it cannot be determined. */
  readonly storage?: StorageUse | undefined;
  /** The activity of other actions, for limits; empty in facts that are not live. */
  readonly activity: readonly Activity[];
  /** The person who deletes the action, from admission; undefined if it is not being deleted, or if the person is unknown. */
  readonly deletedBy?: string | undefined;
  /** Whether these facts were read from the API server right now, and not from a cache. */
  readonly live: boolean;
  readonly now: number;
}

/** The newest Job of a stage. */
export function newestStage(action: AgentAction, stage: Stage): StageStatus | undefined {
  return action.status?.stages?.findLast((one) => one.stage === stage);
}

/**
 * The names of the steps of a stage; undefined if they are unknown. For a rehearsal they come from the Playbook, afterwards from
 * the plan.
 */
export function stepsOf({ plan, playbook }: Pick<Facts, 'plan' | 'playbook'>, stage: Stage): readonly string[] | undefined {
  const steps = stage === 'rehearsal' ? playbook?.spec.steps : stage === 'run' ? plan?.spec.steps : plan?.spec.verify;
  return steps?.map(({ name }) => name);
}
