import { namespaces } from '@sentinel/crds';
import { jobs } from '@sentinel/kube';
import type { ActContext, Pass } from './context.ts';

/** Ends the Job of the current stage, and only that one. What it did until then is read once its pod is gone. */
export async function stopJob({ client }: ActContext, { facts }: Pass): Promise<void> {
  const { stage } = facts;
  if (!stage) return;
  await client.delete(
    jobs,
    { name: stage.name, namespace: namespaces.sandboxes },
    { preconditions: { uid: stage.uid }, propagationPolicy: 'Foreground' },
  );
}
