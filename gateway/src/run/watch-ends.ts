import type { AnyObject, Informer, KubeClient } from '@sentinel/kube';
import type { Ledger } from '../ledger/store.ts';
import { closeEndedRuns, noteGoodEnd } from './note-end.ts';
import { hasEndedWell } from './pod-end.ts';

const EVERY_MS = 10_000;

/** The dependencies for watching the end of runs. */
export interface EndContext {
  readonly client: KubeClient;
  readonly ledger: Ledger;
  readonly pods: Pick<Informer<AnyObject>, 'onChange' | 'store'>;
}

/**
 * Records in the ledger how runs end: immediately when a pod shows it, because the operator may delete the pod; failed attempts and ended
 * actions are processed every few seconds. Returns the function that stops it.
 */
export function watchEnds({ client, ledger, pods }: EndContext, onError: (error: unknown) => void): () => void {
  const missed = new Set<string>();
  const note = async (pod: AnyObject) => {
    const uid = pod.metadata.uid ?? '';
    try {
      await noteGoodEnd({ client, ledger }, pod);
      missed.delete(uid);
    } catch (error) {
      missed.add(uid);
      onError(error);
    }
  };
  const stop = pods.onChange(({ type, object, old }) => {
    if (type === 'delete') missed.delete(object.metadata.uid ?? '');
    else if (hasEndedWell(object) && !(old && hasEndedWell(old))) void note(object);
  });
  const again = async () => {
    for (const pod of pods.store.list()) if (missed.has(pod.metadata.uid ?? '')) await note(pod);
    await closeEndedRuns(client, ledger);
  };
  const timer = setInterval(() => void again().catch(onError), EVERY_MS);
  return () => {
    stop();
    clearInterval(timer);
  };
}
