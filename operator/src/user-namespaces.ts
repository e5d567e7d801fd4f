import { type AnyObject, type KubeClient, nodes } from '@sentinel/kube';
import type { Config } from './config.ts';

/**
 * Whether each sandbox gets a user namespace. Determined once at the start: an API server or a runtime that does not know the field would
 * drop it, and then no Job would equal what was sent.
 */
export async function usesUserNamespaces(client: KubeClient, setting: Config['userNamespaces']): Promise<boolean> {
  if (setting !== 'Auto') return setting === 'Always';
  return everyNodeIsolatesUsers((await client.list(nodes)).items);
}

/** Whether every node supports user namespaces for pods. False without nodes. */
export function everyNodeIsolatesUsers(items: readonly AnyObject[]): boolean {
  return items.length > 0 && items.every(hasUserNamespaces);
}

// `status.runtimeHandlers` (Kubernetes 1.31): the handler without a name is the one of pods without a runtime class.
function hasUserNamespaces(node: AnyObject): boolean {
  const { runtimeHandlers = [] } = (node.status ?? {}) as {
    runtimeHandlers?: { name?: string; features?: { userNamespaces?: boolean } }[];
  };
  return runtimeHandlers.some(({ name, features }) => (name ?? '') === '' && features?.userNamespaces === true);
}
