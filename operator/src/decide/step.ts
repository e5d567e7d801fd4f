import type { Stage, State } from '@sentinel/crds';
import type { PolicyErrorCode, Tally } from '@sentinel/policy';

/** The next step of an action. One step per reconcile; each is carried out by the module in act/ that is named for it. */
export type NextStep =
  | {
      readonly kind: 'Wait';
      readonly requeueAfterMs?: number;
      /** Why it waits, for its status; `state` is `Starting` by default. */
      readonly why?: string;
      /** Decisions to record while an approved action waits. */
      readonly tally?: Tally;
      /** Whether it waits in the queue and keeps its place. */
      readonly queued?: boolean;
      readonly state?: State;
    }
  | {
      readonly kind: 'NoteDecisions';
      readonly tally: Tally;
      readonly requeueAfterMs?: number | undefined;
      readonly suspendedBy?: readonly string[];
    }
  | { readonly kind: 'Resume'; readonly tally: Tally }
  | { readonly kind: 'LookAgainLive' }
  | { readonly kind: 'StartOver' }
  | { readonly kind: 'StartJob'; readonly stage: Stage; readonly tally?: Tally }
  | { readonly kind: 'ReleaseJob' }
  | { readonly kind: 'ReadOutcome'; readonly stage: Stage }
  | {
      readonly kind: 'StopJob';
      readonly why: string;
      /** Whether the output of its steps is kept. */
      readonly evidence?: boolean;
      /** When its pod counts as ended although it has not been removed. */
      readonly requeueAfterMs?: number;
    }
  | { readonly kind: 'NoteResolutions'; readonly tally: Tally }
  | { readonly kind: 'Resolve'; readonly tally: Tally }
  | { readonly kind: 'Abandon'; readonly why: string }
  | { readonly kind: 'FailVerification'; readonly why: string }
  | { readonly kind: 'BeginRollback'; readonly why: string }
  | { readonly kind: 'RollBack' }
  | {
      readonly kind: 'End';
      readonly state: State;
      readonly message: string;
      readonly tally?: Tally;
      readonly actor?: string;
      /** The rules of policies that refuse it, where that is why. */
      readonly rules?: readonly string[];
      /** Why policy refuses the action, for programs. */
      readonly codes?: readonly PolicyErrorCode[];
    }
  | {
      readonly kind: 'RemoveFinalizer';
      /** Records of a deleted action that no sink acknowledged in time. */
      readonly missing?: { readonly from: number; readonly to: number };
    }
  /** Another action has undone this one. */
  | { readonly kind: 'NoteUndone' }
  | { readonly kind: 'Retire' }
  | { readonly kind: 'Delete' };
