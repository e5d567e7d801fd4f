import type { Effect } from '@sentinel/crds';
import type { DataHandling } from '@sentinel/policy';
import type { Dependants } from '../dependants/dependants.ts';
import type { Replica } from '../ledger/claim.ts';
import type { Ledger } from '../ledger/store.ts';
import type { Run } from '../run/run.ts';
import type { Upstream } from '../upstream.ts';

/** Times in milliseconds. */
export interface Timing {
  /** Pauses before a write whose outcome is not known is sent again. */
  readonly pauses: readonly number[];
  /** How long another process gets to finish what it has sent, before its write is taken over. */
  readonly patience: number;
  readonly poll: number;
}

/** The times of an installation. */
export const TIMING: Timing = { pauses: [100, 400, 1_000, 2_000], patience: 3_000, poll: 200 };

/** What the modules of a real run work with. */
export interface EnforceContext {
  readonly upstream: Upstream;
  readonly ledger: Ledger;
  readonly replica: Replica;
  /** Says why a write may not go on by what the API server says now; undefined when it may. */
  readonly permission: {
    refusal(run: Run, effect: Effect | undefined): Promise<string | undefined>;
    /** The same for what ends a run at once (cancellation, deletion, the kill switch) and nothing else: quick enough to be asked last. */
    ending(run: Run): Promise<string | undefined>;
  };
  /** Says whether a container of the run's pod was run again after it had ended. */
  readonly executions: { isRepeated(run: Run, asked: number): Promise<boolean> };
  /** Throws Refused when this process ends and begins nothing new. */
  readonly drain?: { requireOpen(): void };
  /** Finds what goes with a deleted object. */
  readonly dependants: Pick<Dependants, 'of'>;
  /** How long to wait for what; the defaults when left out. */
  readonly timing?: Timing;
  /** What the policies let a plan show. */
  readonly handling: DataHandling;
}
