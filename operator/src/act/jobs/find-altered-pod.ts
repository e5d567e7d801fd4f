import { namespaces, type RunReport, type StageStatus } from '@sentinel/crds';
import { pods } from '@sentinel/kube';
import { podDifferences } from '@sentinel/policy';
import type { Facts } from '../../facts/facts.ts';
import type { ActContext } from '../context.ts';
import { desiredJob } from './start-job.ts';

const SHOWN = 3;

/**
 * Why the pod of a stage is not the rendered one; undefined if it is, or if the gateway has compared it at its claim. A pod that sends no
 * request to the gateway is never claimed, so a replaced command could succeed without being noticed.
 */
export async function findAlteredPod(
  { client, settings }: ActContext,
  facts: Facts,
  { stage, attempt, plan }: StageStatus,
  { claimed }: Pick<RunReport, 'claimed'>,
): Promise<string | undefined> {
  if (claimed || !facts.playbook || facts.job?.podName === undefined) return undefined;
  const pod = await client.get(pods, { name: facts.job.podName, namespace: namespaces.sandboxes });
  if (!pod) return 'its pod was deleted before it was compared with its Job';
  const found = podDifferences(desiredJob(facts, stage, attempt, plan, await settings()), pod);
  return found.length === 0
    ? undefined
    : `its pod was altered on its way: ${found.slice(0, SHOWN).join('; ')}. Exempt the namespace '${namespaces.sandboxes}' from the webhook or policy that does this; docs/guides/admins.md lists what is accepted`;
}
