import { type AnyObject, isConflict, jobs, type KubeClient } from '@sentinel/kube';
import { isSuspended } from '../../decide/orphans.ts';

const ATTEMPTS = 5;

/**
 * Deletes a Job, unless it was released in the meantime; returns whether it is gone. The Job controller writes the status of a new Job, so
 * a precondition on the resourceVersion often fails once: then the Job is read and evaluated again.
 */
export async function deleteSuspended(client: KubeClient, job: AnyObject): Promise<boolean> {
  const { uid, name = '', namespace } = job.metadata;
  let seen: AnyObject | null = job;
  for (let attempt = 1; seen !== null && seen.metadata.uid === uid && isSuspended(seen); attempt += 1) {
    try {
      const preconditions = { uid, resourceVersion: seen.metadata.resourceVersion };
      await client.delete(jobs, { name, namespace }, { preconditions, propagationPolicy: 'Background' });
      return true;
    } catch (error) {
      if (!isConflict(error) || attempt === ATTEMPTS) throw error;
      seen = await client.get(jobs, { name, namespace });
    }
  }
  return seen?.metadata.uid !== uid;
}
