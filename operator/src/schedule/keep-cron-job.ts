import { namespaces, type Playbook } from '@sentinel/crds';
import { type AnyObject, cronjobs, isAlreadyExists, isNotFound, type KubeClient } from '@sentinel/kube';
import { cronJobName, isUpToDate, renderCronJob } from './cron-job.ts';
import type { ScheduleState } from './decide-schedule.ts';

/** What a CronJob is kept by. */
export interface Keeping {
  readonly client: KubeClient;
  /** The CronJob as the cache has it. */
  readonly found: AnyObject | undefined;
  readonly image: string;
  readonly now: number;
}

/** Creates or updates the CronJob of a Playbook, or deletes it if there is no schedule that can be rendered. */
export async function keepCronJob(
  playbook: Playbook,
  state: ScheduleState,
  { client, found, image, now }: Keeping,
): Promise<void> {
  if (state.reason === 'NotScheduled' || state.reason === 'Invalid') return await deleteCronJob(client, found);
  const suspended = state.status === 'True' ? undefined : state.message;
  const wanted = renderCronJob({ playbook, image, suspended, now });
  if (!found) {
    await client.create(cronjobs, wanted).catch(async (error: unknown) => {
      // The cache does not show it yet.
      if (!isAlreadyExists(error)) throw error;
      await update(client, wanted);
    });
  } else if (!isUpToDate(found, wanted)) await update(client, wanted);
}

/** Deletes a CronJob and its Jobs. */
export async function deleteCronJob(client: KubeClient, found: AnyObject | undefined): Promise<void> {
  if (!found || found.metadata.deletionTimestamp !== undefined) return;
  const key = { name: found.metadata.name ?? '', namespace: namespaces.schedules };
  await client.delete(cronjobs, key, { propagationPolicy: 'Background' }).catch((error: unknown) => {
    if (!isNotFound(error)) throw error;
  });
}

/** Where the cache has the CronJob of a Playbook, by its `NAMESPACE/NAME`. */
export const cronJobKey = (playbook: string): string => `${namespaces.schedules}/${cronJobName(playbook)}`;

const update = async (client: KubeClient, { metadata, spec }: AnyObject) =>
  await client.patch(
    cronjobs,
    { name: metadata.name ?? '', namespace: namespaces.schedules },
    { metadata: { labels: metadata.labels, annotations: metadata.annotations }, spec },
    { type: 'merge' },
  );
