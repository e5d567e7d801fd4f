import { type EffectState, packStates, type RunStatement } from '@sentinel/policy';
import { type Claim, isBlockedOtherwise } from '../ledger/claim.ts';
import { type Entry, lastOrder } from '../ledger/entry.ts';
import { CHECKS_SUCCEEDED } from '../run/note-end.ts';

/** The part of an entry that a statement contains. */
export type Told = Pick<Entry, 'target' | 'state' | 'orders' | 'rollback'>;

/** The state of an effect. */
export function stateOfEntry(entry: Told): EffectState {
  const { state, rollback } = entry;
  if (state === 'Intended' || state === 'Refused') return '.';
  if (state === 'Accepted') return 'A';
  if (rollback === 'Restored') return 'r';
  if (rollback === 'Unchanged') return 'u';
  if (state !== 'Done') return 'U';
  return lastOrder(entry)?.resolution === 'roll-back' ? 'B' : 'D';
}

/** How each effect of a run stands, in their order. */
function statesOfRun({ effects }: Pick<Claim, 'effects'>, entries: readonly Told[]): EffectState[] {
  const states = Array.from({ length: effects }, (): EffectState => '.');
  for (const entry of entries) states[entry.target.index] = stateOfEntry(entry);
  return states;
}

/** The statement about a real run from the ledger, not sealed yet. `claim` is that of the run. */
export function stateRun(claim: Claim, entries: readonly Told[], now: number): Omit<RunStatement, 'key' | 'seal'> {
  const { action, job, plan, account, claimedAt, checks, endedWell, over } = claim;
  const states = statesOfRun(claim, entries);
  // A block by an unknown outcome is over with it.
  const blocked = isBlockedOtherwise(claim) || (claim.blocked !== undefined && states.includes('U'));
  return {
    kind: 'Run',
    action: action.uid,
    time: new Date(now).toISOString(),
    job,
    ...(plan === undefined ? {} : { plan }),
    account,
    claimed: new Date(claimedAt).toISOString(),
    effects: packStates(states),
    ...(checks === undefined ? {} : { checks }),
    ...(blocked ? { blocked: true } : {}),
    ...(endedWell ? { endedWell: true } : {}),
    ...(over === CHECKS_SUCCEEDED ? { verified: true } : {}),
    ...(over === undefined ? {} : { over: true }),
  };
}

/** The statement that an action was not run, and cannot run any more. */
export const stateUnrun = (action: string, now: number): Omit<RunStatement, 'key' | 'seal'> => ({
  kind: 'Run',
  action,
  time: new Date(now).toISOString(),
});
