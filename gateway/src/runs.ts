import { namespaces } from '@sentinel/crds';
import { type AnyObject, type Informer, type KubeClient, pods } from '@sentinel/kube';
import type { Replica } from './ledger/claim.ts';
import type { Ledger } from './ledger/store.ts';
import { forbidden } from './request/refused.ts';
import { type PodIdentity, resolveRun } from './run/resolve.ts';
import type { Run } from './run/run.ts';

interface PodStatus {
  readonly phase?: string;
  readonly containerStatuses?: readonly { readonly state?: { readonly terminated?: unknown } }[];
}

const hasEnded = ({ state }: { readonly state?: { readonly terminated?: unknown } }) => state?.terminated !== undefined;
const KEPT_MS = 2 * 3600_000;

/** The runs that this replica serves, by the uid of their Job. A run is resolved once and kept while its pod lives. */
export class Runs {
  readonly #client: KubeClient;
  readonly #ledger: Ledger;
  readonly #pods: Informer<AnyObject>;
  readonly #replica: Replica;
  readonly #byPod = new Map<string, Promise<Run>>();
  readonly #byJob = new Map<string, { run: Run; at: number }>();

  constructor(client: KubeClient, ledger: Ledger, podInformer: Informer<AnyObject>, replica: Replica) {
    this.#client = client;
    this.#ledger = ledger;
    this.#pods = podInformer;
    this.#replica = replica;
  }

  /** The run of a pod. Throws Refused when the pod is gone, ending or ended, or has no run. */
  async of(identity: PodIdentity): Promise<Run> {
    const pod = await this.#livePod(identity);
    const known = this.#byPod.get(identity.uid);
    if (known) return await known;
    const resolving = resolveRun(this.#client, this.#ledger, this.#replica, pod);
    this.#byPod.set(identity.uid, resolving);
    try {
      const run = await resolving;
      this.#byJob.set(run.jobUid, { run, at: Date.now() });
      this.#forgetOld();
      return run;
    } catch (error) {
      // A refusal is not remembered: a pod may ask a moment before the status that names its Job is readable.
      this.#byPod.delete(identity.uid);
      throw error;
    }
  }

  /** A run by its Job, if this replica serves it. */
  byJob(jobUid: string): Run | undefined {
    return this.#byJob.get(jobUid)?.run;
  }

  // A token outlives its pod for some seconds, so the pod itself is looked at for each request.
  async #livePod(identity: PodIdentity): Promise<AnyObject> {
    const cached = this.#pods.store.get(`${namespaces.sandboxes}/${identity.name}`);
    const pod =
      cached?.metadata.uid === identity.uid
        ? cached
        : await this.#client.get(pods, { name: identity.name, namespace: namespaces.sandboxes });
    const status = pod?.status as PodStatus | undefined;
    // The kubelet reports the phase seconds after the last container has ended; nothing runs in the pod by then.
    const over =
      status?.phase === 'Succeeded' || status?.phase === 'Failed' || status?.containerStatuses?.some(hasEnded) === true;
    if (!pod || pod.metadata.uid !== identity.uid) throw forbidden('the pod is gone');
    if (pod.metadata.deletionTimestamp !== undefined || over) throw forbidden('the pod has ended');
    return pod;
  }

  #forgetOld(): void {
    for (const [jobUid, { run, at }] of this.#byJob) {
      if (Date.now() - at < KEPT_MS) continue;
      this.#byJob.delete(jobUid);
      this.#byPod.delete(run.podUid);
    }
  }
}
