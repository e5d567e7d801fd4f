import type { ActionPlanSpec } from '@sentinel/crds';
import type { PackedRequest } from '../ledger/codec.ts';

/** The kind of the object of the ledger that holds a blocked write; the other kind is that of recordings. */
export const BLOCKED_WRITE = 'blocked';

/** The write for which a run was blocked, as the gateway records it at that moment: all that an amendment of its plan is judged by. */
export interface BlockedWrite {
  /** Why the run is blocked, as in its claim: only then was this write the reason. */
  readonly blocked: string;
  readonly refused: string;
  readonly why: string;
  /** Why no amendment is offered; missing if one is. */
  readonly reason?: string;
  readonly plan: NonNullable<ActionPlanSpec['amends']>['plan'];
  /** The digest of the Playbook that ran. */
  readonly playbook: string;
  /** What an amendment must repeat, see `repeatedWork`. */
  readonly work: string;
  /** The user who created the action. */
  readonly requester: string;
  /** Which amendment the blocked run was itself; 0 for none. */
  readonly round: number;
  /** The write, to be rehearsed; missing if no amendment is offered. */
  readonly request?: PackedRequest;
  /** The refused writes that the plan of the blocked run was amended with, in their order: the next amendment has them, too. */
  readonly earlier?: readonly PackedRequest[];
}

/** The blocked run that an action amends, as the gateway found it. */
export interface AmendedRun {
  readonly action: NonNullable<ActionPlanSpec['amends']>['action'];
  readonly write: BlockedWrite;
}

/** The outcome of the refused write in the rehearsal of an amendment: the index of its effect, if it has one, or why it has none. */
export type Replayed = { readonly effect?: number } | { readonly fault: string };
