import type { ActionRef, Claim } from '../ledger/claim.ts';
import type { Entry } from '../ledger/entry.ts';
import type { Ledger } from '../ledger/store.ts';
import { type ClaimCode, refuseClaim } from '../request/refused.ts';
import type { Undoing } from '../run/run.ts';

/** The ledger, as far as a rollback reads it. */
export type SourceLedger = Pick<Ledger, 'claimOfRun' | 'undoing' | 'states'>;

type Told = Pick<Entry, 'state' | 'rollback'>;

/** The facts of the ledger that decide whether the run of an action may be undone. */
export interface SourceFacts {
  /** The claim of the run that is undone; undefined if the ledger has none. */
  readonly claim: Claim | undefined;
  readonly entries: readonly Told[];
  /** The runs of other actions that undo the same one, with the states of their effects. */
  readonly others: readonly { readonly claim: Claim; readonly entries: readonly Told[] }[];
}

/** Why a rollback is refused. */
export interface SourceRefusal {
  readonly code: ClaimCode;
  readonly why: string;
}

const isUndone = ({ rollback }: Told) => rollback === 'Restored' || rollback === 'Unchanged';
const isInForce = (entry: Told) => entry.state === 'Done' && !isUndone(entry);

/**
 * Why the run of an action may not be undone, by the ledger alone: what the operator says in statuses counts for nothing here. Undefined if
 * it may be.
 */
export function refusalOfSource(
  { source }: Pick<Undoing, 'source'>,
  by: { readonly namespace: string; readonly account: string },
  { claim, entries, others }: SourceFacts,
): SourceRefusal | undefined {
  const action = `AgentAction '${source.name}'`;
  // The pre-images of another namespace, or of another account, must not be shown to this one.
  if (!claim || claim.action.namespace !== by.namespace || claim.action.name !== source.name)
    return {
      code: 'RollbackSourceNotFound',
      why: `the gateway keeps nothing of a run of ${action} with the uid '${source.uid}': it had none, or it was deleted`,
    };
  if (claim.plan === undefined) return { code: 'RollbackSourceNotRun', why: `${action} ended without a real run` };
  if (claim.account !== by.account)
    return { code: 'RollbackAccountDiffers', why: `${action} ran as the account '${claim.account}', not '${by.account}'` };
  if (claim.over === undefined) return { code: 'RollbackSourceNotEnded', why: `the run of ${action} is not over` };
  if (entries.some(({ state }) => state === 'Sent' || state === 'Unknown'))
    return { code: 'RollbackSourceIncomplete', why: `the outcome of a change of ${action} is not known` };
  const inForce = entries.filter(isInForce);
  if (claim.rollingBack && inForce.length > 0)
    return { code: 'RollbackSourceIncomplete', why: `${action} was rolled back in part when it ended` };
  if (inForce.length === 0 && entries.some(isUndone))
    return { code: 'RollbackAlreadyDone', why: `every change of ${action} was rolled back when it ended` };
  if (inForce.length === 0 && !entries.some(({ state }) => state === 'Accepted'))
    return { code: 'RollbackSourceNotRun', why: `the run of ${action} changed nothing` };
  for (const other of others) {
    const name = `AgentAction '${other.claim.action.name}'`;
    if (other.claim.over === undefined)
      return { code: 'RollbackInProgress', why: `the run of ${name}, which undoes ${action}, is not over` };
    if (other.entries.some(isInForce)) return { code: 'RollbackAlreadyDone', why: `${name} undid ${action}` };
  }
  return undefined;
}

/** Throws Refused if the run of the action that another one names may not be undone. */
export async function requireSource(
  ledger: SourceLedger,
  undoing: Pick<Undoing, 'source'>,
  by: Pick<ActionRef, 'namespace' | 'uid'> & { readonly account: string },
): Promise<void> {
  const { uid } = undoing.source;
  const [claim, undoers] = await Promise.all([ledger.claimOfRun(uid), ledger.undoing(uid)]);
  const others = await Promise.all(
    undoers
      .filter(({ action }) => action.uid !== by.uid)
      .map(async (other) => ({ claim: other, entries: await ledger.states(other.job) })),
  );
  const entries = claim?.plan === undefined ? [] : await ledger.states(claim.job);
  const refused = refusalOfSource(undoing, by, { claim, entries, others });
  if (refused) throw refuseClaim(refused.code, refused.why);
}

/** The Job of the run that an action undoes, which was judged when this run was claimed. Throws Refused if it is gone meanwhile. */
export async function sourceJob(
  ledger: Pick<Ledger, 'claimOfRun'>,
  { source: { name, uid } }: Pick<Undoing, 'source'>,
  by: { readonly namespace: string; readonly account: string },
): Promise<string> {
  const claim = await ledger.claimOfRun(uid);
  if (!claim || claim.action.namespace !== by.namespace || claim.account !== by.account)
    throw refuseClaim('RollbackSourceNotFound', `AgentAction '${name}' was deleted, and the values from before it with it`);
  return claim.job;
}
