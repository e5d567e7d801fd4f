import type { ActionPlanPartSpec, ObservedEffect, PlanDraft } from '@sentinel/crds';

/**
 * The recording of a rehearsal, stored in the ledger of the gateway when the operator requests it for the first time. The operator completes the
 * plan from it, and in the real run the gateway trusts only this recording, not the plan of the operator.
 */
export interface SealedRecording {
  readonly action: {
    readonly namespace: string;
    readonly name: string;
    readonly uid: string;
    readonly generation: number;
    /** The uid of the parent action. */
    readonly parent?: string;
  };
  readonly job: string;
  /** When it was sealed, in milliseconds since the epoch. */
  readonly sealedAt: number;
  readonly account: string;
  /** That the action is filed for a dry run: nothing of the recording can be run. */
  readonly dryRun?: true;
  /** The effects for the risk, with values that policy hides, because rules read them. */
  readonly effects: readonly ObservedEffect[];
  /** The changes that do not fit into the plan. Recordings of older versions have no parts. */
  readonly parts?: readonly ActionPlanPartSpec[];
  readonly notObservable: readonly string[];
  /** The plan, except for what only the operator counts. Missing if there is no effect, or where `fault` says why there is none. */
  readonly draft?: PlanDraft;
  readonly fault?: string;
}
