import type { EntryState } from '../ledger/entry.ts';
import type { Ledger } from '../ledger/store.ts';
import type { Outcome } from './outcome.ts';
import { knownOutcome } from './rollback.ts';

const BEGUN: readonly EntryState[] = ['Sent', 'Unknown', 'Done', 'Accepted'];

/**
 * The outcome of each effect of a rollback whose end was stated, newest first. Only the ledger is read, and nothing is written: the
 * statement stays true, and an operator that could not store it yet gets the same answer again.
 */
export async function toldOutcomes(ledger: Ledger, jobUid: string, settled: ReadonlySet<number>): Promise<Outcome[]> {
  const entries = (await ledger.states(jobUid)).filter(
    ({ state, target }) => BEGUN.includes(state) && !settled.has(target.index),
  );
  return entries.toReversed().map((entry) => ({
    effect: entry.target.index,
    ...(knownOutcome(entry) ?? { outcome: 'Failed', message: 'it was not rolled back before the end was stated' }),
  }));
}
