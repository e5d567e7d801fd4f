import { agentActions, namespaces } from '@sentinel/crds';
import type { Informer, KubeClient } from '@sentinel/kube';
import type { Ledger } from './store.ts';

/**
 * Forgets what the ledger holds of actions that are gone: nobody can take their runs back any more, and pre-images are not for
 * keeping. An action goes only when it has come to its end, so no run of it is under way. Answers with how many were forgotten; `only` chooses
 * whose runs are looked at.
 */
export async function sweepLedger(
  client: KubeClient,
  ledger: Pick<Ledger, 'runs' | 'forget'>,
  only: (actionUid: string) => boolean = () => true,
): Promise<number> {
  // An API without the kind answers each name with 404 as well: then nothing is gone, and the ledger stays.
  await client.list(agentActions, { namespace: namespaces.ledger });
  let forgotten = 0;
  for (const { jobUid, action } of await ledger.runs()) {
    const { namespace, name, uid } = action;
    if (!only(uid)) continue;
    const found = await client.get(agentActions, { namespace, name });
    if (found?.metadata.uid === uid) continue;
    await ledger.forget(jobUid);
    forgotten += 1;
  }
  return forgotten;
}

const GATHER_MS = 1_000;

/**
 * Calls `sweep` with the uids of actions that are gone, soon after: what the ledger keeps takes room, and somebody who files and deletes
 * actions in a loop would be counted for none of it. Those that are missed are found by the sweep of everything.
 */
export function watchDeletions(actions: Pick<Informer, 'onChange'>, sweep: (uids: ReadonlySet<string>) => void): void {
  let gone = new Set<string>();
  actions.onChange(({ type, object }) => {
    if (type !== 'delete') return;
    if (gone.size === 0)
      setTimeout(() => {
        const uids = gone;
        gone = new Set();
        sweep(uids);
      }, GATHER_MS).unref();
    gone.add(object.metadata.uid ?? '');
  });
}
