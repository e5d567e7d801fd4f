import type { AnyObject } from '@sentinel/kube';
import { END } from '@sentinel/policy';

interface Container {
  readonly name?: string;
  readonly restartCount?: number;
  readonly state?: { readonly terminated?: { readonly exitCode?: number } };
}
interface PodStatus {
  readonly phase?: string;
  readonly initContainerStatuses?: readonly Container[];
  readonly containerStatuses?: readonly Container[];
}

const statusOf = (pod: AnyObject) => (pod.status ?? {}) as PodStatus;
const containersOf = (pod: AnyObject) => [
  ...(statusOf(pod).initContainerStatuses ?? []),
  ...(statusOf(pod).containerStatuses ?? []),
];

/**
 * Whether every container of a sandbox pod, including the last one, was executed once and ended with 0, and the pod was not deleted. In all
 * other cases the pod has not succeeded.
 */
export function hasEndedWell(pod: AnyObject): boolean {
  const { initContainers = [], containers = [] } = (pod.spec ?? {}) as { initContainers?: unknown[]; containers?: unknown[] };
  const ended = containersOf(pod);
  return (
    pod.metadata.deletionTimestamp === undefined &&
    ended.some(({ name }) => name === END) &&
    ended.length === initContainers.length + containers.length &&
    ended.every(({ restartCount = 0, state }) => restartCount === 0 && state?.terminated?.exitCode === 0)
  );
}

/** Whether steps of a sandbox pod may still be executed. The kubelet reports the phase seconds after the last container has ended. */
export function mayStillRun(pod: AnyObject): boolean {
  const { phase } = statusOf(pod);
  if (pod.metadata.deletionTimestamp !== undefined || phase === 'Succeeded' || phase === 'Failed') return false;
  return !containersOf(pod).some(({ name, state }) => {
    const exitCode = state?.terminated?.exitCode;
    return exitCode !== undefined && (name === END || exitCode !== 0);
  });
}
