import { TransportError, type TransportRequest, type TransportResponse } from '@sentinel/kube';
import type { Run } from '../run/run.ts';
import type { Upstream } from '../upstream.ts';

/** The API server did not answer, or not now. It says nothing of the object, so the request is sent again later. */
export class Unavailable extends Error {}

/** Sends a request of a rollback. Throws Unavailable for everything that another try may bring. */
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
