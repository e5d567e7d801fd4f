import type { AnyObject } from '@sentinel/kube';

/** A pod whose deletion is overdue by this time does not come back: its node is gone. */
const OVERDUE_MS = 60_000;

/** The replica of the gateway that recorded a rehearsal exists but did not answer. The recording is not lost, so the request is retried. */
export class RecorderUnavailable extends Error {
  constructor(replica: string, why: string) {
    super(`the replica of the gateway at ${replica} that recorded the rehearsal gave no answer (${why})`);
    this.name = 'RecorderUnavailable';
  }
}

/**
 * Whether the recording of a rehearsal is lost if its replica does not answer, from the pods of the gateway at its address: `Lost` only if no
 * pod exists that could still answer. Time-outs and errors are temporary.
 */
export function judgeRecorder(replicas: readonly AnyObject[], now: number): 'Lost' | 'TryAgain' {
  return replicas.some((pod) => mayAnswer(pod, now)) ? 'TryAgain' : 'Lost';
}

function mayAnswer({ metadata, status }: AnyObject, now: number): boolean {
  const { phase } = (status ?? {}) as { phase?: string };
  if (phase === 'Succeeded' || phase === 'Failed') return false;
  // The time is that of the end of its grace period.
  return metadata.deletionTimestamp === undefined || now < Date.parse(metadata.deletionTimestamp) + OVERDUE_MS;
}
