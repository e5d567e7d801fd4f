import type { ActionPlan, ObservedEffect, RiskLevel } from '@sentinel/crds';
import type { Identity } from '@sentinel/policy';
import type { Overlay } from '../effect/overlay.ts';
import type { Turns } from '../enforce/turns.ts';

/** What a rehearsal found, held in memory by the replica that its claim names. */
export interface Recording {
  readonly effects: ObservedEffect[];
  /** Characters of the effects as JSON, so far. */
  size: number;
  /** Characters of the objects that later reads show, as JSON, so far. */
  held: number;
  /** Reads, as `verb resource.group`, for the permissions that the plan lists. */
  readonly reads: Set<string>;
  readonly notObservable: Set<string>;
  readonly overlay: Overlay;
  /** Lets one write through at a time, so that each is observed after the one before it. */
  readonly turns: Turns;
}

/** What a real run may do and has done. */
export interface Enforcement {
  readonly plan: ActionPlan;
  /** The digest that people approved. */
  readonly digest: string;
  /** The risk of what was recorded, by the gateway's own reckoning. */
  readonly risk: RiskLevel;
  /** The name of the run's claim in the ledger. */
  readonly claim: string;
  /** When the run was claimed, by the clock of the gateway, in milliseconds since the epoch. Approvals must be good then. */
  readonly claimedAt: number;
  /** Indices of effects that this run has consumed, as far as this replica knows. */
  readonly consumed: Set<number>;
  /** Lets one write through at a time. */
  readonly turns: Turns;
  /** Why the run is blocked, as far as this replica knows. */
  blocked: string | undefined;
}

/** The run that a sandbox pod belongs to, as the API server says, not as the pod says. */
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
  readonly enforcement: Enforcement | undefined;
}
