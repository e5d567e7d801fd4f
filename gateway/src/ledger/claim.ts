import type { ActionPlanSpec, RiskLevel } from '@sentinel/crds';

/** How a plan lets its run be rolled back. */
export type RollbackMode = ActionPlanSpec['rollback']['from'];

/** One process of the gateway: its address, and an id that is unique among all processes at that address. */
export interface Replica {
  readonly address: string;
  readonly process: string;
}

/** The action that a run belongs to. */
export interface ActionRef {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** What a run is claimed with. */
export interface ClaimRequest {
  readonly jobUid: string;
  readonly podUid: string;
  readonly replica: Replica;
  readonly action: ActionRef;
  readonly account: string;
  /** The plan of a real run. An action runs only once, for any number of rehearsals, plans and Jobs. */
  readonly plan?: ClaimedPlan | undefined;
  /** The uid of the Job of the run that a verification verifies. */
  readonly verifies?: string | undefined;
  /** The uid of the action that a real run undoes. */
  readonly undoes?: string | undefined;
  readonly now: number;
}

/** The facts about a plan that are needed as long as its run may be rolled back, even if the plan was deleted. */
export interface ClaimedPlan {
  readonly digest: string;
  /** How many effects it has. */
  readonly effects: number;
  /** The risk of the recording, as computed at the claim. */
  readonly risk: RiskLevel;
  readonly rollback: RollbackMode;
  /** How many checks verify the run. */
  readonly checks: number;
}

/** A run's claim: the Job and pod that it is bound to, which replica records or writes, why it is blocked. */
export interface Claim {
  readonly name: string;
  readonly action: ActionRef;
  /** The account that the run acts as. */
  readonly account: string;
  readonly job: string;
  readonly pod: string;
  readonly replica: string;
  /** The process that records a rehearsal, or that may write in a real run. */
  readonly process: string;
  readonly blocked: string | undefined;
  /** Whether it is blocked because the outcome of an effect is unknown, and for no other reason. */
  readonly blockedByUnknown: boolean;
  /** The digest of the plan of a real run. */
  readonly plan: string | undefined;
  /** How many effects the plan of a real run has. */
  readonly effects: number;
  /** The risk of a real run, as computed at the claim; undefined in claims of older versions. */
  readonly risk: RiskLevel | undefined;
  /** The rollback of the plan of a real run; undefined in claims of older versions. */
  readonly rollback: RollbackMode | undefined;
  /** How many checks verify a real run; undefined in claims of older versions. */
  readonly checks: number | undefined;
  /** The uid of the Job of the run that a verification verifies. */
  readonly verifies: string | undefined;
  /** Whether its outcome was read: after that no new write is sent. */
  readonly closed: boolean;
  /** Whether every step of a real run without checks succeeded, according to its pod, and every effect was carried out. */
  readonly endedWell: boolean;
  /** Whether a rollback has begun. It continues until the claim is closed. */
  readonly rollingBack: boolean;
  /** Why the claim of a real run is closed: it cannot be rolled back any more. Undefined while it is open. */
  readonly over: string | undefined;
  /** When it was made, by the clock of the gateway, in milliseconds since the epoch. Expiry of approvals is judged by it. */
  readonly claimedAt: number;
  /** The version of the object, the precondition of a change. */
  readonly version: string;
}

/** Whether a run is blocked for another reason than an unknown outcome. */
export const isBlockedOtherwise = ({ blocked, blockedByUnknown }: Claim): boolean => blocked !== undefined && !blockedByUnknown;
