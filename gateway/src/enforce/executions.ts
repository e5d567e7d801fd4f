import { setTimeout as sleep } from 'node:timers/promises';
import { namespaces } from '@sentinel/crds';
import { type AnyObject, type KubeClient, pods } from '@sentinel/kube';
import type { Run } from '../run/run.ts';

/** The kubelet reports a container that it started again some time after it did so; on a loaded node, many seconds. */
const PATIENCE_MS = 10_000;
const POLL_MS = 250;

interface ContainerState {
  readonly terminated?: { readonly reason?: string; readonly exitCode?: number };
}
interface ContainerStatus {
  readonly name?: string;
  readonly restartCount?: number;
  readonly state?: ContainerState;
  readonly lastState?: ContainerState;
}
interface PodStatus {
  readonly initContainerStatuses?: readonly ContainerStatus[];
  readonly containerStatuses?: readonly ContainerStatus[];
}

/** Whether the kubelet executed a container of a pod again. Sandbox pods are never restarted, so this is always a fault. */
export function wasExecutedAgain(pod: AnyObject): boolean {
  const { initContainerStatuses = [], containerStatuses = [] } = (pod.status ?? {}) as PodStatus;
  return [...initContainerStatuses, ...containerStatuses].some(
    (status) => (status.restartCount ?? 0) > (isLost(status.state) || isLost(status.lastState) ? 1 : 0),
  );
}

// The kubelet also counts a restart when it finds no trace of a container that it saw running (convertToAPIContainerStatuses).
const isLost = (state: ContainerState = {}) => state.terminated?.reason === 'ContainerStatusUnknown';

/**
 * Whether the last step of a pod has succeeded. The kubelet reports a second execution long after it began, but any request after that can
 * only come from such an execution, because the containers after the steps have no token.
 */
export function hasEndedSteps(pod: AnyObject): boolean {
  const { initContainerStatuses = [] } = (pod.status ?? {}) as PodStatus;
  const last = initContainerStatuses.at(-1);
  return last?.name?.startsWith('step-') === true && last.state?.terminated?.exitCode === 0;
}

/** Distinguishes a step that is executed a second time from one that repeats a request (kubernetes/kubernetes issue 83705). */
export class Executions {
  readonly #client: KubeClient;

  constructor(client: KubeClient) {
    this.#client = client;
  }

  /**
   * Polls the pod of a run until its status shows a second execution, or for as long as the kubelet may need to report one that
   * sent its request at `asked` (of `performance.now`). Requests that wait for each other share that time.
   */
  async isRepeated({ podName, podUid }: Run, asked: number): Promise<boolean> {
    for (const end = asked + PATIENCE_MS; ; ) {
      const pod = await this.#client.get(pods, { name: podName, namespace: namespaces.sandboxes });
      if (!pod || pod.metadata.uid !== podUid) return false;
      if (wasExecutedAgain(pod) || hasEndedSteps(pod)) return true;
      if (performance.now() > end) return false;
      await sleep(POLL_MS);
    }
  }
}
