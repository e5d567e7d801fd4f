import { agentActions, namespaces } from '@sentinel/crds';
import { type AnyObject, type Informer, pods } from '@sentinel/kube';
import type { DrainState } from '../drain/state.ts';
import { forbidden, Refused } from '../request/refused.ts';
import { type PodIdentity, type ResolveContext, resolveRun } from './resolve.ts';
import type { RecordedElsewhere, Run } from './run.ts';

interface PodStatus {
  readonly phase?: string;
  readonly containerStatuses?: readonly { readonly state?: { readonly terminated?: unknown } }[];
}

const hasEnded = ({ state }: { readonly state?: { readonly terminated?: unknown } }) => state?.terminated !== undefined;
const KEPT_MS = 2 * 3600_000;
/** How long a refusal is cached. Resolving a run costs about ten requests, and a sandbox may send requests without a pause. */
const REFUSED_MS = 500;

/** The runs that this replica serves, by the uid of their Job. A run is resolved once and kept while its pod lives. */
export class Runs {
  readonly #drain: Pick<DrainState, 'requireServing'>;
  readonly #context: ResolveContext;
  readonly #pods: Informer<AnyObject>;
  readonly #byPod = new Map<string, Promise<Run | RecordedElsewhere>>();
  readonly #now: () => number;
  readonly #refused = new Map<string, { readonly until: number; readonly error: Refused }>();
  readonly #byJob = new Map<string, { run: Run; at: number }>();
  readonly #elsewhere = new Map<string, { name: string; run: RecordedElsewhere }>();

  constructor(
    context: ResolveContext,
    podInformer: Informer<AnyObject>,
    drain: Pick<DrainState, 'requireServing'>,
    now: () => number = () => performance.now(),
  ) {
    this.#context = context;
    this.#drain = drain;
    this.#pods = podInformer;
    this.#now = now;
  }

  /**
   * The run of a pod, or who records it. Throws Refused when the pod is gone, ending or ended, or has no run, and ShuttingDown when
   * this replica takes on no run any more.
   */
  async of(identity: PodIdentity): Promise<Run | RecordedElsewhere> {
    const pod = await this.#livePod(identity);
    const known = this.#byPod.get(identity.uid) ?? this.#elsewhere.get(identity.uid)?.run;
    if (known) return await known;
    this.#drain.requireServing();
    this.#requireNotRefused(identity.uid);
    const resolving = resolveRun(this.#context, pod);
    this.#byPod.set(identity.uid, resolving);
    try {
      const run = await resolving;
      if ('recorder' in run) {
        this.#byPod.delete(identity.uid);
        this.#elsewhere.set(identity.uid, { name: identity.name, run });
      } else this.#byJob.set(run.jobUid, { run, at: Date.now() });
      return run;
    } catch (error) {
      // A refusal is remembered for a moment only: a pod may ask before the status that names its Job is readable.
      this.#byPod.delete(identity.uid);
      if (error instanceof Refused) this.#refused.set(identity.uid, { until: this.#now() + REFUSED_MS, error });
      throw error;
    }
  }

  #requireNotRefused(uid: string): void {
    const now = this.#now();
    for (const [one, { until }] of this.#refused) if (until <= now) this.#refused.delete(one);
    const refused = this.#refused.get(uid);
    if (refused) throw refused.error;
  }

  /** A run by its Job, if this replica serves it. */
  byJob(jobUid: string): Run | undefined {
    return this.#byJob.get(jobUid)?.run;
  }

  /** The rehearsals that this replica records. */
  rehearsals(): Run[] {
    return [...this.#byJob.values()].map(({ run }) => run).filter(({ stage }) => stage === 'rehearsal');
  }

  /** Whether a namespace other than this one has a sandbox that has not ended. */
  othersHavePods(namespace: string): boolean {
    return this.#pods.store.list().some(({ metadata, status }) => {
      const phase = (status as PodStatus | undefined)?.phase;
      return phase !== 'Succeeded' && phase !== 'Failed' && metadata.annotations?.['sentinel.dev/namespace'] !== namespace;
    });
  }

  /**
   * Drops a rehearsal whose recording is in the ledger, or will not be requested any more, and releases its memory. Later requests of its pod
   * change nothing: the first stored recording counts.
   */
  forget(jobUid: string): void {
    const known = this.#byJob.get(jobUid);
    if (!known) return;
    known.run.recording.memory.release();
    this.#byJob.delete(jobUid);
    this.#byPod.delete(known.run.podUid);
  }

  /** Drops the runs whose pod is gone and whose action is deleted, or does not wait for their outcome any more. */
  async tidy(): Promise<void> {
    for (const [uid, { name }] of this.#elsewhere)
      if (this.#pods.store.get(`${namespaces.sandboxes}/${name}`)?.metadata.uid !== uid) this.#elsewhere.delete(uid);
    for (const [jobUid, { run, at }] of this.#byJob) {
      const pod = this.#pods.store.get(`${namespaces.sandboxes}/${run.podName}`);
      if (pod?.metadata.uid === run.podUid) continue;
      const action = await this.#context.client.get(agentActions, { namespace: run.namespace, name: run.actionName });
      const stage = action?.metadata.uid === run.actionUid ? action.status?.stages?.find(({ uid }) => uid === jobUid) : undefined;
      if (stage === undefined || stage.outcome !== undefined || Date.now() - at > KEPT_MS) this.forget(jobUid);
    }
  }

  // A token is valid for some seconds after its pod is gone, so the pod itself is read for each request.
  async #livePod(identity: PodIdentity): Promise<AnyObject> {
    const cached = this.#pods.store.get(`${namespaces.sandboxes}/${identity.name}`);
    const pod =
      cached?.metadata.uid === identity.uid
        ? cached
        : await this.#context.client.get(pods, { name: identity.name, namespace: namespaces.sandboxes });
    const status = pod?.status as PodStatus | undefined;
    // The kubelet reports the phase seconds after the last container has ended; nothing runs in the pod by then.
    const over =
      status?.phase === 'Succeeded' || status?.phase === 'Failed' || status?.containerStatuses?.some(hasEnded) === true;
    if (!pod || pod.metadata.uid !== identity.uid) throw forbidden('PodNotRecorded', 'the pod is gone');
    if (pod.metadata.deletionTimestamp !== undefined || over) throw forbidden('PodNotRecorded', 'the pod has ended');
    return pod;
  }
}
