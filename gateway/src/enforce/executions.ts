import { setTimeout as sleep } from 'node:timers/promises';
import { namespaces } from '@sentinel/crds';
import { type AnyObject, type KubeClient, pods } from '@sentinel/kube';
import type { Run } from '../run/run.ts';

/** The kubelet reports a container that it started again some time after it did so. */
const PATIENCE_MS = 4_000;
const POLL_MS = 250;

interface PodStatus {
  readonly initContainerStatuses?: readonly { readonly restartCount?: number }[];
  readonly containerStatuses?: readonly { readonly restartCount?: number }[];
}

/** Whether the kubelet ran a container of a pod again. Pods of sandboxes are never restarted, so each such execution is one too many. */
export function wasExecutedAgain(pod: AnyObject): boolean {
  const { initContainerStatuses = [], containerStatuses = [] } = (pod.status ?? {}) as PodStatus;
  return [...initContainerStatuses, ...containerStatuses].some(({ restartCount = 0 }) => restartCount > 0);
}

/** Tells a step that is executed a second time from one that repeats a request (kubernetes/kubernetes issue 83705). */
export class Executions {
  readonly #client: KubeClient;

  constructor(client: KubeClient) {
    this.#client = client;
  }

  /** Looks at the pod of a run until its status shows a second execution, or for as long as the kubelet may need to report one. */
  async isRepeated({ podName, podUid }: Run): Promise<boolean> {
    for (const end = performance.now() + PATIENCE_MS; ; ) {
      const pod = await this.#client.get(pods, { name: podName, namespace: namespaces.sandboxes });
      if (!pod || pod.metadata.uid !== podUid) return false;
      if (wasExecutedAgain(pod)) return true;
      if (performance.now() > end) return false;
      await sleep(POLL_MS);
    }
  }
}
