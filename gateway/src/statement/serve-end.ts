import { agentActions } from '@sentinel/crds';
import type { KubeClient } from '@sentinel/kube';
import type { SigningKey } from '@sentinel/kube/signing-key';
import { sealStatement } from '@sentinel/policy';
import type { Replica } from '../ledger/claim.ts';
import type { Ledger } from '../ledger/store.ts';
import { forbidden } from '../request/refused.ts';
import { readNamedAction } from '../run/named-run.ts';
import { stateRun, statesOfRun, stateUnrun, type Told } from './state-run.ts';

export interface EndContext {
  readonly client: KubeClient;
  readonly ledger: Ledger;
  readonly replica: Replica;
  /** The key that signs statements of the gateway. */
  readonly key: () => SigningKey;
}

/**
 * Makes the final statement about an ended action. An action that was not run by then can no longer run: otherwise a signed statement could say
 * that it never ran, and it could run after that. Safe to call again.
 */
export async function serveEnd({ client, ledger, replica, key }: EndContext, body: Buffer): Promise<{ statement: string }> {
  const named = readNamedAction(body);
  const action = await client.get(agentActions, named);
  const uid = action?.metadata.uid;
  if (uid === undefined) throw forbidden('there is no such action');
  const now = Date.now();
  const claim = await ledger.claimEnd({ ...named, uid }, replica, now);
  if (claim.plan === undefined) return { statement: sealStatement(stateUnrun(uid, now), key()) };
  const isDone = (entries: readonly Told[]) => statesOfRun(claim, entries).every((state) => state === 'D');
  // Intended writes are never sent after this, so the signed statement stays true.
  if (!isDone(await ledger.states(claim.job))) await ledger.close(claim.name);
  const entries = await ledger.states(claim.job);
  return { statement: sealStatement(stateRun(await ledger.claimNamed(claim.name), entries, now), key()) };
}
