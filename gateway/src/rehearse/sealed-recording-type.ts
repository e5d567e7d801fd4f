import type { ActionPlanPartSpec, ObservedEffect, PlanDraft } from '@sentinel/crds';

/**
 * What a rehearsal found, as the gateway keeps it in its own ledger from the first time that the operator asks. The operator completes the
 * plan from it, and in the real run the gateway believes this, not what the operator made of it.
 */
export interface SealedRecording {
  readonly action: {
    readonly namespace: string;
    readonly name: string;
    readonly uid: string;
    readonly generation: number;
    /** The uid of the action that it is a part of. */
    readonly parent?: string;
  };
  readonly job: string;
  /** When it was sealed, in milliseconds since the epoch. */
  readonly sealedAt: number;
  readonly account: string;
  /** That the action is filed for a dry run: nothing of the recording can be run. */
  readonly dryRun?: true;
  /** The effects for the risk, with values that policy hides, as long as rules look at them. */
  readonly effects: readonly ObservedEffect[];
  /** What of the changes has no room in the plan. Recordings of older versions have no parts. */
  readonly parts?: readonly ActionPlanPartSpec[];
  readonly notObservable: readonly string[];
  /** The plan, but for what only the operator counts. Missing where there is no effect, or where `fault` says why there is none. */
  readonly draft?: PlanDraft;
  readonly fault?: string;
}
