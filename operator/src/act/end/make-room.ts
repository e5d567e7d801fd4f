import { type AgentAction, agentActions } from '@sentinel/crds';
import { aboveBounds } from '../../status/within-bounds.ts';
import type { ActContext } from '../context.ts';

/**
 * Takes labels and annotations above the bounds off an action that was filed before there were any, so that its status can be stored.
 * The policies inside the API server let the operator do this and nothing else. False when there is nothing to take off.
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
