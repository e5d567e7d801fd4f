import { namespaces } from '@sentinel/crds';
import { type AnyObject, jobs } from '@sentinel/kube';
import type { ActContext } from '../context.ts';

/**
 * Releases a Job that the status already names. The tests make sure that it is the Job that was compared, unchanged since:
 * its template could be altered while it is suspended, and that would be a new generation.
 */
export async function releaseJob({ client }: ActContext, job: AnyObject): Promise<void> {
  await client.patch(
    jobs,
    { name: job.metadata.name ?? '', namespace: namespaces.sandboxes },
    [
      { op: 'test', path: '/metadata/uid', value: job.metadata.uid },
      { op: 'test', path: '/metadata/generation', value: 1 },
      { op: 'replace', path: '/spec/suspend', value: false },
    ],
    { type: 'json' },
  );
}
