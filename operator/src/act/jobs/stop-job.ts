import { namespaces } from '@sentinel/crds';
import { jobs } from '@sentinel/kube';
import type { ActContext, Pass } from '../context.ts';
import { beginStopEvidence } from '../evidence/stop-evidence.ts';

/**
 * Ends the Job of the current stage, and no other. Its outcome is read once its pod is gone. The output of its steps is kept as far as it
 * can be read: as evidence, and with `keepsOutput` in the status as well.
 */
export async function stopJob(context: ActContext, pass: Pass, keepsOutput = false): Promise<void> {
  const { stage } = pass.facts;
  if (!stage) return;
  // Begun before the deletion, and not awaited: a log that does not come holds up no stop. The pod has some seconds to end meanwhile.
  const evidence = beginStopEvidence(context, pass, keepsOutput);
  try {
    await context.client.delete(
      jobs,
      { name: stage.name, namespace: namespaces.sandboxes },
      { preconditions: { uid: stage.uid }, propagationPolicy: 'Foreground' },
    );
  } catch (error) {
    evidence.abandon();
    throw error;
  }
  await evidence.keep();
}
