import { admin } from './cluster.ts';
import type { Tenant } from './tenant.ts';

// A step that a test holds under way until it has seen what it wants to see: a sleep is too short on one machine and too long on
// another.

/**
 * The end of a step's script: it goes on until the API server says that there is no ConfigMap of this name, which policy must let
 * it read. An error, like that of a gateway that refuses, does not end it.
 */
export const whileHeld = (name: string): string =>
  `while kubectl get configmap ${name} --ignore-not-found -o name 2>&1 | grep -q .; do sleep 0.5; done`;

/** Holds the steps with this `whileHeld` from now on; the answer lets them go. */
export async function hold({ namespace }: Pick<Tenant, 'namespace'>, name: string): Promise<() => Promise<unknown>> {
  await admin.kubectl(['create', 'configmap', name, '-n', namespace]);
  return () => admin.kubectl(['delete', 'configmap', name, '-n', namespace]);
}
