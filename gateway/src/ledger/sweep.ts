import { agentActions, namespaces } from '@sentinel/crds';
import type { Informer, KubeClient } from '@sentinel/kube';
import type { Ledger } from './store.ts';

/**
 * Deletes the ledger entries of deleted actions: their runs cannot be rolled back any more, and pre-images must not be kept. An action is
 * deleted only after it has ended, so none of its runs is in progress. Returns how many were deleted; `only` restricts the runs that are
 * checked.
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
 * Calls `sweep` with the uids of actions that are gone, soon after: entries of the ledger take room, and somebody who creates and deletes
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
