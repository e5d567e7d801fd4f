import { virtualUser } from '@sentinel/crds';
import type { Headers, Transport, TransportRequest, TransportResponse, TransportStream } from '@sentinel/kube';
import type { StoredVersions } from './request/stored-version.ts';
import type { Run } from './run/run.ts';

/**
 * Client of the API server as one virtual user of one run. The identity and headers of the sandbox never reach the API server, and neither does
 * a write in a version that could change fields that are not shown.
 */
export class Upstream {
  readonly #transport: Transport;
  readonly #versions: Pick<StoredVersions, 'refusal'>;

  constructor(transport: Transport, versions: Pick<StoredVersions, 'refusal'>) {
    this.#transport = transport;
    this.#versions = versions;
  }

  /** Sends a request. A write in the wrong version is refused with a response like that of the API server. */
  async send(run: Run, as: 'rehearsal' | 'enforce', request: TransportRequest): Promise<TransportResponse> {
    const refused = await this.#versions.refusal(request);
    if (refused) return { status: refused.status, headers: {}, body: Buffer.from(JSON.stringify(refused.toStatus())) };
    return await this.#transport.request({ ...request, headers: { ...request.headers, ...identity(run, as) } });
  }

  stream(run: Run, as: 'rehearsal' | 'enforce', request: TransportRequest): Promise<TransportStream> {
    return this.#transport.stream({ ...request, headers: { ...request.headers, ...identity(run, as) } });
  }
}

/** The stage in the user name that the policy inside the API server matches: only a real run may enforce. */
export const stageUser = (run: Pick<Run, 'stage'>): 'rehearsal' | 'enforce' => (run.stage === 'run' ? 'enforce' : 'rehearsal');

function identity(run: Run, as: 'rehearsal' | 'enforce'): Headers {
  return {
    'impersonate-user': virtualUser(as, run.namespace, run.account),
    'impersonate-extra-sentinel.dev%2fstage': as,
    'impersonate-extra-sentinel.dev%2faction': run.actionUid,
  };
}
