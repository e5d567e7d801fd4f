import type { Stage, State } from '@sentinel/crds';
import type { PolicyErrorCode, Tally } from '@sentinel/policy';

/** What is done next for an action. One step a pass; each is carried out by the module in act/ that is named for it. */
export type NextStep =
  | {
      readonly kind: 'Wait';
      readonly requeueAfterMs?: number;
      /** What holds it back, for its status; in `state`, which is `Starting` when left out. */
      readonly why?: string;
      /** Decisions that are noted while it waits: it is approved, and held back. */
      readonly tally?: Tally;
      /** Whether it waits for its turn, and keeps its place. */
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
      /** Whether what its steps printed is kept. */
      readonly evidence?: boolean;
      /** When its pod counts as ended, though nobody has removed it. */
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
      readonly kind: 'LetGo';
      /** Records of an action that is deleted which no sink acknowledged in time. */
      readonly missing?: { readonly from: number; readonly to: number };
    }
  | { readonly kind: 'Retire' }
  | { readonly kind: 'Delete' };
