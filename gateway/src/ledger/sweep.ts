import { agentActions, namespaces } from '@sentinel/crds';
import type { KubeClient } from '@sentinel/kube';
import type { Ledger } from './store.ts';

/**
 * Forgets what the ledger holds of actions that are gone: nobody can take their runs back any more, and pre-images are not for
 * keeping. An action goes only when it has come to its end, so no run of it is under way. Answers with how many were forgotten.
 */
export async function sweepLedger(client: KubeClient, ledger: Ledger): Promise<number> {
  // An API without the kind answers each name with 404 as well: then nothing is gone, and the ledger stays.
  await client.list(agentActions, { namespace: namespaces.ledger });
  let forgotten = 0;
  for (const { jobUid, action } of await ledger.runs()) {
    const { namespace, name, uid } = action;
    const found = await client.get(agentActions, { namespace, name });
    if (found?.metadata.uid === uid) continue;
    await ledger.forget(jobUid);
    forgotten += 1;
  }
  return forgotten;
}
