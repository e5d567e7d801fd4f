import { agentActions } from '@sentinel/crds';
import { type AnyObject, type KubeClient, splitKey } from '@sentinel/kube';
import { orphanedJobs } from '../../decide/orphans.ts';
import { deleteSuspended } from './delete-suspended.ts';

/**
 * Deletes those of these Jobs that nobody will release. A cache may lag behind a Job that was recorded just now, so the API server
 * is asked about the action first.
 */
export async function deleteOrphans(client: KubeClient, key: string, seen: readonly AnyObject[]): Promise<void> {
  const action = await client.get(agentActions, splitKey(key));
  for (const job of orphanedJobs(seen, action ?? undefined)) await deleteSuspended(client, job);
}
