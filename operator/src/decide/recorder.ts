import type { AnyObject } from '@sentinel/kube';

/** A pod whose end is overdue by this much does not come back: its node is gone. */
const OVERDUE_MS = 60_000;

/** The replica of the gateway that recorded a rehearsal is there and gave no answer. What it recorded is not lost, so it is asked again. */
export class RecorderUnavailable extends Error {
  constructor(replica: string, why: string) {
    super(`the replica of the gateway at ${replica} that recorded the rehearsal gave no answer (${why})`);
    this.name = 'RecorderUnavailable';
  }
}

/**
 * What no answer of the replica that recorded a rehearsal means, by the pods of the gateway at its address: `Lost` only when no pod is
 * there that could still answer. What time-outs and errors say passes.
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
