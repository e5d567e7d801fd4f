import type { ActionPlan, AgentActionSpec, ObservedEffect, PlannedRollback, Playbook, RiskLevel } from '@sentinel/crds';
import type { Identity, SandboxSettings } from '@sentinel/policy';
import type { AmendedRun, Replayed } from '../amend/blocked-write.ts';
import type { Overlay } from '../effect/overlay.ts';
import type { Serializer } from '../enforce/serializer.ts';
import type { Replica } from '../ledger/claim.ts';
import type { RehearsalMemory } from '../rehearse/memory.ts';

/** The recording of a rehearsal, in the memory of the replica that its claim names. */
export interface Recording {
  readonly effects: ObservedEffect[];
  /** Characters of the effects as JSON, so far. */
  size: number;
  /** What it keeps in memory. */
  readonly memory: RehearsalMemory;
  /** Reads, as `verb resource.group`, for the permissions that the plan lists. */
  readonly reads: Set<string>;
  readonly notObservable: Set<string>;
  readonly overlay: Overlay;
  /** In the rehearsal of an amendment: the outcome of the write that the blocked run was refused, once it was rehearsed. */
  replayed?: Replayed;
  /** Serializes writes, so that each is observed after the one before it. */
  readonly turns: Serializer;
  /** What a rehearsal that undoes another action has found so far. */
  readonly undone: UndoneSoFar;
}

export interface UndoneSoFar {
  /** The effects that the rehearsal must ask for, all of them; undefined until it asked which there are. */
  all?: readonly number[];
  readonly undoes: number[];
  /** The effects of which nothing is to undo, because the objects are as before already. */
  readonly unchanged: number[];
  readonly left: NonNullable<PlannedRollback['left']>;
  readonly turns: Serializer;
}

/** The action that a run undoes. */
export interface Undoing {
  readonly source: NonNullable<AgentActionSpec['rollbackOf']>;
  /** What the plan says of it; undefined in a rehearsal. */
  readonly approved: PlannedRollback | undefined;
}

/** The admitted rehearsal, according to the gateway's own reading at its claim. */
export interface Rehearsal {
  readonly playbook: Playbook;
  readonly attempt: number;
  /** The settings by which its pod was rendered. */
  readonly settings: SandboxSettings;
  /** The uid of the parent action. */
  readonly parent: string | undefined;
  /** The blocked run that it amends. */
  readonly amends?: AmendedRun | undefined;
}

/** The plan and the progress of a real run. */
export interface Enforcement {
  readonly plan: ActionPlan;
  /** The digest that people approved. */
  readonly digest: string;
  /** The risk of the recording, computed by the gateway. */
  readonly risk: RiskLevel;
  /** The uid of the parent action at the time of the rehearsal. */
  readonly parent?: string | undefined;
  /** When the recording of the plan was sealed, by the clock of the gateway, in milliseconds since the epoch. */
  readonly recordedAt: number;
  /** The name of the run's claim in the ledger. */
  readonly claim: string;
  /** When the run was claimed, by the clock of the gateway, in milliseconds since the epoch. Approvals must be valid then. */
  readonly claimedAt: number;
  /** Indices of effects that this run has consumed, as far as this replica knows. */
  readonly consumed: Set<number>;
  /** Lets one write through at a time. */
  readonly turns: Serializer;
  /** Why the run is blocked, as far as this replica knows. */
  blocked: string | undefined;
}

/** A rehearsal that another replica records: requests of its pod are forwarded to that replica. */
export interface RecordedElsewhere {
  readonly stage: 'rehearsal';
  readonly jobUid: string;
  readonly namespace: string;
  readonly recorder: Replica;
}

/** The run of a sandbox pod, determined from the API server and not from the pod itself. */
export interface Run {
  readonly stage: 'rehearsal' | 'run' | 'verification';
  readonly jobUid: string;
  readonly podUid: string;
  readonly podName: string;
  readonly namespace: string;
  readonly actionName: string;
  readonly actionUid: string;
  readonly generation: number;
  readonly account: string;
  readonly requester: Identity;
  /** Whether writes may be effects at all: false for the profile `Observe` and for verification. */
  readonly mayWrite: boolean;
  readonly recording: Recording;
  readonly rehearsal?: Rehearsal;
  /** Set for an action that undoes another one. */
  readonly undoing?: Undoing;
  readonly enforcement: Enforcement | undefined;
}
