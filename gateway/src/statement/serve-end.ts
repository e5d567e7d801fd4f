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
  /** The key that signs what the gateway says. */
  readonly key: () => SigningKey;
}

/**
 * Says what is known of the run of an action that has come to its end. What was not run by then is not run any more: else an action could
 * be told as one that never ran, and run after that was signed. Safe to call again.
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
  // What is only intended by now is never sent: what is signed stays true.
  if (!isDone(await ledger.states(claim.job))) await ledger.close(claim.name);
  const entries = await ledger.states(claim.job);
  return { statement: sealStatement(stateRun(await ledger.claimNamed(claim.name), entries, now), key()) };
}
