import type { ActionPlan, AgentAction, Playbook, Stage, StageStatus } from '@sentinel/crds';
import type { Activity, DeciderRights, Identity, Parent, PolicySet, SealKeys, StorageUse, Trust } from '@sentinel/policy';
import type { SinkCursor } from '../audit/exporter.ts';

/** How one container of a sandbox pod ended. */
export interface ContainerEnd {
  readonly name: string;
  readonly exitCode: number;
  readonly reason: string | undefined;
}

/** A sandbox Job as the API server shows it. */
export interface JobView {
  readonly uid: string;
  readonly suspended: boolean;
  /** `Ended` when the pod is terminal or its deletion is overdue, or when the Job ended and has no pod any more. */
  readonly phase: 'Waiting' | 'Running' | 'Ended';
  readonly podName: string | undefined;
  /** The Job is complete and its pod was deleted since, so nobody knows what its steps did. */
  readonly podGone?: boolean;
  /** Its pod was told to end. From then on the gateway answers nothing, and what its containers say is no proof of anything. */
  readonly ending: boolean;
  /** When its deletion is overdue, so that it counts as ended, in milliseconds since the epoch; undefined when it is not being deleted. */
  readonly lostAt?: number | undefined;
  readonly ends: readonly ContainerEnd[];
  /** How often the kubelet executed a container again, by name; only those that it did. */
  readonly restarts: Readonly<Record<string, number>>;
  readonly failure: string | undefined;
}

/** Everything that the next step of an action depends on. Gathered first; decisions read nothing else. */
export interface Facts {
  readonly action: AgentAction;
  readonly requester: Identity | undefined;
  readonly policies: PolicySet;
  /** The Playbook that it names, or what its own steps come to. From the start of the real run on: as it was admitted, or undefined. */
  readonly playbook: Playbook | undefined;
  readonly trust: Trust;
  readonly keys: SealKeys;
  /** What the API server says now of those who approved; asked right before a start, and undefined until then. */
  readonly deciders?: ReadonlyMap<string, DeciderRights>;
  readonly plan: ActionPlan | undefined;
  /** The action that it names as its parent, as it is now; undefined when it names none or there is none of that name. */
  readonly parent: Parent | undefined;
  /** Whether the requester may use the account; undefined when it was not asked in this pass. */
  readonly mayUseAccount: boolean | undefined;
  /** The newest stage of the current attempt and its Job; the Job is undefined when it is gone. */
  readonly stage: StageStatus | undefined;
  readonly job: JobView | undefined;
  /** What is missing or altered among the guards of a real run; only read before a start. */
  readonly guards: readonly string[];
  /** What the sink of the audit trail has of the records, by its own acknowledgement; undefined without a sink. */
  readonly sink: SinkCursor | undefined;
  /** What is stored for actions; only read before a rehearsal or a run may start, and undefined as well when it cannot be counted. */
  readonly storage?: StorageUse | undefined;
  /** What else is going on, for limits; empty in facts that are not live. */
  readonly activity: readonly Activity[];
  /** Who deletes the action, as admission recorded it; undefined when it is not being deleted, or when nobody knows. */
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
 * The names of the steps of a stage; undefined when they are not known. A rehearsal has those of the Playbook. Afterwards they are
 * pinned in the plan.
 */
export function stepsOf({ plan, playbook }: Pick<Facts, 'plan' | 'playbook'>, stage: Stage): readonly string[] | undefined {
  const steps = stage === 'rehearsal' ? playbook?.spec.steps : stage === 'run' ? plan?.spec.steps : plan?.spec.verify;
  return steps?.map(({ name }) => name);
}
