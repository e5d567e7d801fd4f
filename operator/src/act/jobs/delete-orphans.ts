import { agentActions } from '@sentinel/crds';
import { type AnyObject, type KubeClient, splitKey } from '@sentinel/kube';
import { orphanedJobs } from '../../decide/orphans.ts';
import { deleteSuspended } from './delete-suspended.ts';

/**
 * Deletes those of these Jobs that will never be released. A cache may lag behind a Job that was recorded just now, so the
 * action is read from the API server first.
 */
export async function deleteOrphans(client: KubeClient, key: string, seen: readonly AnyObject[]): Promise<void> {
  const action = await client.get(agentActions, splitKey(key));
  for (const job of orphanedJobs(seen, action ?? undefined)) await deleteSuspended(client, job);
}
