import { admin } from './cluster.ts';
import type { Tenant } from './tenant.ts';

// A step that a test holds under way until it has seen what it wants to see: a sleep is too short on one machine and too long on
// another.

/** The end of a step's script: it goes on for as long as the ConfigMap of this name is there, which policy must let it read. */
export const whileHeld = (name: string): string => `while kubectl get configmap ${name} >/dev/null 2>&1; do sleep 0.5; done`;

/** Holds the steps with this `whileHeld` from now on; the answer lets them go. */
export async function hold({ namespace }: Pick<Tenant, 'namespace'>, name: string): Promise<() => Promise<unknown>> {
  await admin.kubectl(['create', 'configmap', name, '-n', namespace]);
  return () => admin.kubectl(['delete', 'configmap', name, '-n', namespace]);
}
