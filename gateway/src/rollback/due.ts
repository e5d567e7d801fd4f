import type { Claim, RollbackMode } from '../ledger/claim.ts';
import { type Entry, lastOrder } from '../ledger/entry.ts';

/** What the gateway itself knows of a run that is to be rolled back. */
export interface RollbackFacts {
  readonly claim: Pick<Claim, 'over' | 'rollingBack' | 'endedWell'>;
  /** How the plan lets its run be rolled back; undefined when nobody can tell any more. */
  readonly mode: RollbackMode | undefined;
  readonly entries: readonly Pick<Entry, 'state' | 'orders'>[];
  /** Whether a person cancelled or deleted the action. */
  readonly stopped: boolean;
}

const BEGUN: ReadonlySet<Entry['state']> = new Set<Entry['state']>(['Sent', 'Unknown', 'Done', 'Accepted']);

/**
 * Why a run is not rolled back, by the gateway's own record of it; undefined when it may be. The operator says that a rollback is due, and
 * is not believed where that cannot be:
 *
 * - a run that is over stays as it is: its checks succeeded, or the action has ended;
 * - a plan without a rollback is not rolled back, beyond what a person ordered effect by effect;
 * - a run that ended well and has no checks is rolled back for a person who ends the action, and for nobody else.
 *
 * A rollback that has begun goes on until the run is over, however often it is asked for, whichever replica is asked.
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
