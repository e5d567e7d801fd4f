import type { ActionPlan, Effect, ObservedEffect } from '@sentinel/crds';
import type { Identity } from '@sentinel/policy';
import type { Change } from '../effect/change.ts';
import type { Overlay } from '../effect/overlay.ts';
import type { JudgeEffects } from './auto-review.ts';

/** What a rehearsal found, held in memory by the replica that its claim names. */
export interface Recording {
  readonly effects: ObservedEffect[];
  /** Characters of the effects as JSON, so far. */
  size: number;
  /** Reads, as `verb resource.group`, for the permissions that the plan lists. */
  readonly reads: Set<string>;
  readonly notObservable: Set<string>;
  readonly overlay: Overlay;
}

/** What a real run may do and has done. */
export interface Enforcement {
  readonly plan: ActionPlan;
  /** Indices of effects that this run has consumed. */
  readonly consumed: Set<number>;
  /** Why an effect needs a person, in a run that no person has approved; undefined in all others. */
  readonly needsPerson?: JudgeEffects | undefined;
  /** Why the run is blocked: set by the first write that is not in the plan. */
  blocked: string | undefined;
}

/** The run that a sandbox pod belongs to, as the API server says, not as the pod says. */
export interface Run {
  readonly stage: 'rehearsal' | 'run' | 'verification';
  readonly jobUid: string;
  readonly podUid: string;
  readonly namespace: string;
  readonly actionName: string;
  readonly actionUid: string;
  readonly account: string;
  readonly requester: Identity;
  /** Whether writes may be effects at all: false for the profile `Observe` and for verification. */
  readonly mayWrite: boolean;
  readonly recording: Recording;
  readonly enforcement: Enforcement | undefined;
}

/** What the ledger keeps of a write before it is sent: enough to go on after a crash, and to take it back. */
export interface Intent {
  readonly effect: Effect;
  readonly version: string;
  readonly preImage: unknown;
  readonly change: readonly Change[];
}
