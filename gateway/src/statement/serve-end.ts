import { agentActions } from '@sentinel/crds';
import type { KubeClient } from '@sentinel/kube';
import type { SigningKey } from '@sentinel/kube/signing-key';
import { sealStatement } from '@sentinel/policy';
import type { Replica } from '../ledger/claim.ts';
import type { Ledger } from '../ledger/store.ts';
import { withdrawIntents } from '../ledger/withdraw.ts';
import { forbidden } from '../request/refused.ts';
import { readNamedAction } from '../run/named-run.ts';
import { END_STATED } from '../run/note-end.ts';
import { stateRun, stateUnrun } from './state-run.ts';

export interface EndContext {
  readonly client: KubeClient;
  readonly ledger: Ledger;
  readonly replica: Replica;
  /** The key that signs statements of the gateway. */
  readonly key: () => SigningKey;
}

/**
 * Signs a statement of what the gateway knows about the run of an action that has ended. The statement stays true: from then on nothing of
 * the run is sent or rolled back, and a run that has not started never starts. Otherwise more could be done after the statement was
 * signed. Idempotent. Throws Refused (503) while a write of the run is under way.
 */
export async function serveEnd({ client, ledger, replica, key }: EndContext, body: Buffer): Promise<{ statement: string }> {
  const named = readNamedAction(body);
  const action = await client.get(agentActions, named);
  const uid = action?.metadata.uid;
  if (uid === undefined) throw forbidden('ActionGone', 'there is no such action');
  const now = Date.now();
  const claim = await ledger.claimEnd({ ...named, uid }, replica, now);
  if (claim.plan === undefined) return { statement: sealStatement(stateUnrun(uid, now), key()) };
  await ledger.endRun(claim.name, END_STATED);
  await withdrawIntents(ledger, claim.job, replica);
  const entries = await ledger.states(claim.job);
  return { statement: sealStatement(stateRun(await ledger.claimNamed(claim.name), entries, now), key()) };
}
