import { agentActions, finalStates, type State } from '@sentinel/crds';
import type { AnyObject, KubeClient } from '@sentinel/kube';
import { type ActionRef, type Claim, isBlockedOtherwise } from '../ledger/claim.ts';
import type { Ledger } from '../ledger/store.ts';
import { hasEndedWell } from './pod-end.ts';

/** The reason for closing a claim after a successful verification. */
export const CHECKS_SUCCEEDED = 'its checks succeeded';
/** Why a run is over whose end was stated. The status of the action may not say yet that it has ended. */
export const END_STATED = 'its end was stated';

/** Where the end of a run is read and recorded. */
export interface EndNotes {
  readonly client: KubeClient;
  readonly ledger: Ledger;
}

/**
 * Records the success of a run in the ledger as soon as the pod shows it: either its checks succeeded, which closes the claim, or it succeeded
 * and has no checks. This cannot be determined later, because the operator may delete the pod. Only the pod that the gateway served
 * counts. A success does not count after the action was cancelled or deleted: that came first, and asked for the changes to be undone.
 * Safe to repeat.
 */
export async function noteGoodEnd({ client, ledger }: EndNotes, pod: AnyObject): Promise<void> {
  if (!hasEndedWell(pod)) return;
  const owner = pod.metadata.ownerReferences?.find(({ controller, kind }) => controller && kind === 'Job');
  const claim = owner && (await ledger.claimOf(owner.uid));
  if (!claim || claim.pod !== pod.metadata.uid || (await isStopped(client, claim.action))) return;
  if (claim.verifies !== undefined) {
    const run = await ledger.claimOf(claim.verifies);
    if (run && run.over === undefined && (await isCarriedOut(ledger, run)))
      await ledger.endRun(run.name, CHECKS_SUCCEEDED, ({ rollingBack }) => !rollingBack);
  } else if (claim.plan !== undefined && claim.checks === 0 && (await isCarriedOut(ledger, claim))) {
    await ledger.noteGoodEnd(claim.name);
  }
}

// Read from the API server: a cancellation that was stored before the success must be seen.
async function isStopped(client: KubeClient, { namespace, name, uid }: ActionRef): Promise<boolean> {
  const found = await client.get(agentActions, { namespace, name });
  const { cancelled } = (found?.spec ?? {}) as { cancelled?: boolean };
  return found?.metadata.uid !== uid || cancelled === true || found?.metadata.deletionTimestamp !== undefined;
}

// Every approved effect is stored as it was approved, or a person accepted it as it is.
async function isCarriedOut(ledger: Ledger, run: Claim): Promise<boolean> {
  if (isBlockedOtherwise(run)) return false;
  const entries = await ledger.entries(run.job, ['Done', 'Accepted']);
  return (
    entries.length === run.effects &&
    entries.every(
      ({ state, stored, rollback }) => state === 'Accepted' || (stored?.altered === undefined && rollback === undefined),
    )
  );
}

/**
 * Closes the claims of ended actions, according to the gateway's own reading of their status: after that nothing is rolled back any more, even
 * if their status changes later.
 */
export async function closeEndedRuns(client: KubeClient, ledger: Ledger): Promise<void> {
  for (const { name, action } of await ledger.openRuns()) {
    const found = await client.get(agentActions, { namespace: action.namespace, name: action.name });
    // The sweep deletes the ledger entries of deleted actions.
    if (found?.metadata.uid !== action.uid) continue;
    const state = found.status?.conditions?.find(({ type }) => type === 'Succeeded')?.reason as State | undefined;
    if (state !== undefined && finalStates.has(state)) await ledger.endRun(name, `the action ended as ${state}`);
  }
}
