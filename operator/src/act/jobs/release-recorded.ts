import { namespaces } from '@sentinel/crds';
import { jobs } from '@sentinel/kube';
import { jobDifferences } from '@sentinel/policy';
import { isSuspended } from '../../decide/orphans.ts';
import type { ActContext, Pass } from '../context.ts';
import { endAltered } from '../end/end-altered.ts';
import { releaseJob } from './release-job.ts';
import { desiredJob } from './start-job.ts';

/**
 * Releases the Job that the status names and that is still suspended, because the reconcile that recorded it did not release it. A Job that
 * was altered since is never released: the stage ends, and the Job is deleted.
 */
export async function releaseRecorded(context: ActContext, pass: Pass): Promise<void> {
  const { facts } = pass;
  const { stage } = facts;
  const job = stage && (await context.client.get(jobs, { name: stage.name, namespace: namespaces.sandboxes }));
  if (!job || job.metadata.uid !== stage.uid || !isSuspended(job)) return;
  const { generation = 1, uid } = job.metadata;
  if (generation === 1) return await releaseJob(context, job);
  const wanted = facts.playbook && desiredJob(facts, stage.stage, stage.attempt, stage.plan, await context.settings());
  const found = wanted ? jobDifferences(wanted, job) : [];
  endAltered(pass, stage, 'while it was suspended', found.length > 0 ? found : [`its generation is ${generation}`]);
  pass.afterwards.push(async () => {
    await context.client.delete(
      jobs,
      { name: stage.name, namespace: namespaces.sandboxes },
      { preconditions: { uid }, propagationPolicy: 'Background' },
    );
  });
}
