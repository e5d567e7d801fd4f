import { type AgentAction, agentActions } from '@sentinel/crds';
import { aboveBounds } from '../../status/within-bounds.ts';
import type { ActContext } from '../context.ts';

/**
 * Removes labels and annotations above the bounds from an action that was created before the bounds existed, so that its status can be stored.
 * The policies inside the API server let the operator do this and nothing else. Returns false if there is nothing to remove.
 */
export async function makeRoom({ client, logger }: ActContext, action: AgentAction): Promise<boolean> {
  const { labels, annotations } = aboveBounds(action.metadata);
  if (labels.length === 0 && annotations.length === 0) return false;
  const { name, namespace, uid, resourceVersion } = action.metadata;
  const removed = (keys: readonly string[]) => Object.fromEntries(keys.map((key) => [key, null]));
  const metadata = { uid, resourceVersion, labels: removed(labels), annotations: removed(annotations) };
  await client.patch(agentActions, { name, namespace }, { metadata }, { type: 'merge' });
  logger.warn('Removed labels and annotations above the bounds: the status could not be stored', {
    namespace,
    name,
    labels: labels.length,
    annotations: annotations.length,
  });
  return true;
}
