import { agentActions } from '@sentinel/crds';
import { type AnyObject, isConflict, jobs, type KubeClient, splitKey } from '@sentinel/kube';
import { orphanedJobs } from '../decide/orphans.ts';

/**
 * Deletes those of these Jobs that no action names and none will. A cache may lag behind a Job that was recorded just now, so the
 * API server is asked about the action, and each Job is deleted only as it was seen: suspended.
 */
export async function deleteOrphans(client: KubeClient, key: string, seen: readonly AnyObject[]): Promise<void> {
  const action = await client.get(agentActions, splitKey(key));
  for (const { metadata } of orphanedJobs(seen, action ?? undefined)) {
    const { name, namespace, uid, resourceVersion } = metadata;
    try {
      const options = { preconditions: { uid, resourceVersion }, propagationPolicy: 'Background' } as const;
      await client.delete(jobs, { name: name ?? '', namespace }, options);
    } catch (error) {
      // It changed meanwhile. The event of that change leads here again.
      if (!isConflict(error)) throw error;
    }
  }
}
