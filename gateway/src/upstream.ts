import { virtualUser } from '@sentinel/crds';
import type { Headers, Transport, TransportRequest, TransportResponse, TransportStream } from '@sentinel/kube';
import type { StoredVersions } from './request/stored-version.ts';
import type { Run } from './run/run.ts';

/**
 * The API server as one virtual user of one run. The client's own identity and headers never reach it, and neither does a write by a
 * version that could change what nobody sees.
 */
export class Upstream {
  readonly #transport: Transport;
  readonly #versions: Pick<StoredVersions, 'refusal'>;

  constructor(transport: Transport, versions: Pick<StoredVersions, 'refusal'>) {
    this.#transport = transport;
    this.#versions = versions;
  }

  /** Sends a request. A write by the wrong version is answered as the API server would refuse it: to all callers it was refused there. */
  async send(run: Run, as: 'rehearsal' | 'enforce', request: TransportRequest): Promise<TransportResponse> {
    const refused = await this.#versions.refusal(request);
    if (refused) return { status: refused.status, headers: {}, body: Buffer.from(JSON.stringify(refused.toStatus())) };
    return await this.#transport.request({ ...request, headers: { ...request.headers, ...identity(run, as) } });
  }

  stream(run: Run, as: 'rehearsal' | 'enforce', request: TransportRequest): Promise<TransportStream> {
    return this.#transport.stream({ ...request, headers: { ...request.headers, ...identity(run, as) } });
  }
}

/** The stage as the lock inside the API server reads it: only a real run may enforce. */
export const stageUser = (run: Pick<Run, 'stage'>): 'rehearsal' | 'enforce' => (run.stage === 'run' ? 'enforce' : 'rehearsal');

function identity(run: Run, as: 'rehearsal' | 'enforce'): Headers {
  return {
    'impersonate-user': virtualUser(as, run.namespace, run.account),
    'impersonate-extra-sentinel.dev%2fstage': as,
    'impersonate-extra-sentinel.dev%2faction': run.actionUid,
  };
}
