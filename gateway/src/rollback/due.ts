import type { Claim, RollbackMode } from '../ledger/claim.ts';
import { type Entry, lastOrder } from '../ledger/entry.ts';

/** The facts of the gateway about a run that may be rolled back. */
export interface RollbackFacts {
  readonly claim: Pick<Claim, 'over' | 'rollingBack' | 'endedWell'>;
  /** The rollback of the plan; undefined if it is unknown. */
  readonly mode: RollbackMode | undefined;
  readonly entries: readonly Pick<Entry, 'state' | 'orders'>[];
  /** Whether a person cancelled or deleted the action. */
  readonly stopped: boolean;
}

const BEGUN: ReadonlySet<Entry['state']> = new Set<Entry['state']>(['Sent', 'Unknown', 'Done', 'Accepted']);

/**
 * Why a run is not rolled back, according to the gateway's own record; undefined if it may be. The operator requests a rollback, but the
 * gateway refuses it in these cases:
 *
 * - a run whose claim is closed is not changed: its checks succeeded, or the action has ended;
 * - a plan without a rollback is not rolled back, except for effects whose roll-back a person ordered;
 * - a run that succeeded and has no checks is rolled back only if a person ends the action.
 *
 * A rollback that has begun continues until the claim is closed, for repeated requests to any replica.
 */
export function refusalOfRollback({ claim, mode, entries, stopped }: RollbackFacts): string | undefined {
  if (claim.over !== undefined) return `the run is over: ${claim.over}`;
  const ordered = entries.every((entry) => !BEGUN.has(entry.state) || isOrderedBack(entry));
  if (mode !== 'PreImages' && !ordered)
    return mode === undefined
      ? 'the plan is gone, and the claim of the run does not say whether it has a rollback'
      : 'the approved plan has no rollback';
  if (claim.rollingBack) return undefined;
  if (claim.endedWell && !stopped) return 'the run ended well, its plan has no checks, and nobody cancelled the action';
  return undefined;
}

const isOrderedBack = (entry: Pick<Entry, 'orders'>): boolean => {
  const last = lastOrder(entry);
  return last?.resolution === 'roll-back' && last.refused === undefined;
};
