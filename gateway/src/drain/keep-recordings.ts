import { namespaces } from '@sentinel/crds';
import type { AnyObject, Informer, KubeClient, Logger } from '@sentinel/kube';
import type { Ledger } from '../ledger/store.ts';
import { type SealContext, sealRecording } from '../rehearse/sealed-recording.ts';
import { mayStillRun } from '../run/pod-end.ts';
import type { Runs } from '../run/runs.ts';
import type { Storage } from '../storage.ts';

export interface KeepContext {
  readonly client: KubeClient;
  readonly ledger: Ledger;
  readonly storage: Pick<Storage, 'reserve'>;
  readonly replay: SealContext['replay'];
  readonly logger: Logger;
  readonly runs: Pick<Runs, 'rehearsals' | 'forget'>;
  readonly pods: Pick<Informer<AnyObject>, 'store'>;
}

/**
 * Stores the recordings that exist only in the memory of this replica: that of each rehearsal whose pod has ended goes into the ledger, where
 * the operator can read it through any replica. Returns how many rehearsals are not stored yet.
 */
export async function keepRecordings({ logger, runs, pods, ...context }: KeepContext): Promise<number> {
  for (const run of runs.rehearsals()) {
    const pod = pods.store.get(`${namespaces.sandboxes}/${run.podName}`);
    if (pod?.metadata.uid === run.podUid && mayStillRun(pod)) continue;
    try {
      await sealRecording(context, run);
      runs.forget(run.jobUid);
    } catch (error) {
      logger.warn('Failed to keep the recording of a rehearsal', { job: run.jobUid, error: String(error) });
    }
  }
  return runs.rehearsals().length;
}
