import { agentActions, FINALIZER } from '@sentinel/crds';
import { removeFinalizer } from '@sentinel/kube';
import type { ActContext, Pass } from './context.ts';

/** Takes the finalizer off an action that has come to its end: from here on, deleting it stops nothing. */
export async function letGo({ client }: ActContext, { action }: Pass): Promise<void> {
  await removeFinalizer(client, agentActions, action, { finalizer: FINALIZER });
}
