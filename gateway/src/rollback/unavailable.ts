import { TransportError, type TransportRequest, type TransportResponse } from '@sentinel/kube';
import type { Run } from '../run/run.ts';
import type { Upstream } from '../upstream.ts';

/** The API server did not answer, or is temporarily unavailable. The request is retried later. */
export class Unavailable extends Error {}

/** Sends a request of a rollback. Throws Unavailable for temporary failures. */
export async function ask(upstream: Upstream, run: Run, request: TransportRequest): Promise<TransportResponse> {
  try {
    const answer = await upstream.send(run, 'enforce', request);
    if (answer.status === 429 || answer.status >= 500) throw new Unavailable(`HTTP ${answer.status}`);
    return answer;
  } catch (error) {
    if (error instanceof TransportError) throw new Unavailable(error.message);
    throw error;
  }
}
