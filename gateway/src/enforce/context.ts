import type { Effect } from '@sentinel/crds';
import type { DataHandling } from '@sentinel/policy';
import type { Dependants } from '../dependants/dependants.ts';
import type { Replica } from '../ledger/claim.ts';
import type { Ledger } from '../ledger/store.ts';
import type { Run } from '../run/run.ts';
import type { Upstream } from '../upstream.ts';

/** Times in milliseconds. */
export interface Timing {
  /** Pauses before a write whose outcome is unknown is sent again. */
  readonly pauses: readonly number[];
  /** How long another process has to finish a sent write before the write is taken over. */
  readonly patience: number;
  readonly poll: number;
}

/** The times of an installation. */
export const TIMING: Timing = { pauses: [100, 400, 1_000, 2_000], patience: 3_000, poll: 200 };

/** What an amendment must repeat, and why none is offered, if so. */
export interface Offer {
  readonly work: string;
  readonly reason?: string | undefined;
}

/** The dependencies of the modules for real runs. */
export interface EnforceContext {
  readonly upstream: Upstream;
  readonly ledger: Ledger;
  readonly replica: Replica;
  /** Why a write may not be sent, from live reads; undefined if it may. */
  readonly permission: {
    refusal(run: Run, effect: Effect | undefined): Promise<string | undefined>;
    /** The same only for events that end a run at once (cancellation, deletion, kill switch): fast enough for the last check. */
    ending(run: Run): Promise<string | undefined>;
    /** Whether an amendment of the plan with this refused write may be offered; none is where this is left out. */
    offer?(run: Run, effect: Effect): Promise<Offer>;
  };
  /** Whether a container of the run's pod was executed again after it had ended. */
  readonly executions: { isRepeated(run: Run, asked: number): Promise<boolean> };
  /** Throws Refused if this process is shutting down and begins no new work. */
  readonly drain?: { requireOpen(): void };
  /** Finds the dependants of a deleted object. */
  readonly dependants: Pick<Dependants, 'of' | 'below'>;
  /** Time limits; default values if left out. */
  readonly timing?: Timing;
  /** What the policies let a plan show. */
  readonly handling: DataHandling;
}
