/** One process of the gateway: where it is asked, and which of those that were ever there it is. */
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
  /**
   * The plan of a real run: its digest, how many effects it has, and the rehearsal that it is made from. What one rehearsal of one
   * action found is claimed once, whatever Jobs and plans there are.
   */
  readonly plan: { readonly digest: string; readonly effects: number; readonly recording: string } | undefined;
  readonly now: number;
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
  /** The digest of the plan of a real run. */
  readonly plan: string | undefined;
  /** How many effects the plan of a real run has. */
  readonly effects: number;
  /** Whether its outcome was read: from then on nothing new is sent. */
  readonly closed: boolean;
  /** When it was made, by the clock of the gateway, in milliseconds since the epoch. Expiry of approvals is judged by it. */
  readonly claimedAt: number;
  /** The version of the object, the precondition of a change. */
  readonly version: string;
}
