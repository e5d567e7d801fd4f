import { type AgentActionStatus, namespaces, RunReport, type Stage } from '@sentinel/crds';
import { inSpan, pods } from '@sentinel/kube';
import type { StorageUse } from '@sentinel/policy';
import { request } from 'undici';
import { z } from 'zod';
import { judgeRecorder, RecorderUnavailable } from './decide/recorder.ts';
import type { Program, ProgramLink } from './program-link.ts';
import { readJson } from './read-json.ts';

const Rollback = z.object({
  outcomes: z.array(
    z.custom<NonNullable<AgentActionStatus['rollback']>[number]>((value) => typeof value === 'object' && value !== null),
  ),
  /** The effects that have no outcome yet, and why. */
  retries: z.array(z.object({ effect: z.int(), reason: z.string() })),
  /** Why the gateway does not roll the run back, now or later. */
  refused: z.string().optional(),
  /** The statement of the gateway about the run, sealed with its own key. */
  statement: z.string().optional(),
});
const Storage = z.object({ own: z.number(), used: z.number(), takers: z.number(), total: z.number() });
const End = z.object({ statement: z.string() });
const LockState = z.object({ fault: z.string().nullable() });

/** A rollback pass takes 30 s, and requests in progress then up to 60 s more. */
const ROLLBACK_MS = 110_000;

interface NamedAction {
  readonly namespace: string;
  readonly name: string;
}

/** A run, by its action and the uid of its Job. */
interface NamedRun extends NamedAction {
  readonly job: string;
}

interface Asked {
  readonly method: 'GET' | 'POST';
  /** With its port. */
  readonly host: string;
  readonly path: string;
  readonly body?: object;
  readonly headersTimeout?: number;
}

/** The address and the credentials for the gateway. */
export interface GatewayAccess extends Program {
  readonly servicePort: number;
  readonly replicaPort: number;
}

/** The gateway of this installation. */
export const GATEWAY: GatewayAccess = {
  service: `sentinel-gateway.${namespaces.system}.svc`,
  authority: 'sentinel-gateway-ca',
  servicePort: 443,
  replicaPort: 8443,
  tokenFile: '/var/run/secrets/sentinel.dev/gateway/token',
};

/** Client of the gateway: uses TLS with the CA of the gateway, and a token that is valid only for the gateway. */
export class GatewayClient {
  readonly #link: ProgramLink<GatewayAccess>;

  constructor(link: ProgramLink<GatewayAccess>) {
    this.#link = link;
  }

  /** The same client, with all requests bound to a signal. */
  until(signal: AbortSignal): GatewayClient {
    return new GatewayClient(this.#link.until(signal));
  }

  /**
   * The report about a run. The effects of a rehearsal are in the memory of the replica that its claim names until they are stored, so that
   * replica is asked. A report of a rehearsal without a recording means that the recording is lost.
   *
   * @throws RecorderUnavailable if that replica exists but did not answer: the request must be retried.
   */
  async report(jobUid: string, address: string, stage: Stage): Promise<RunReport> {
    const path = `/sentinel/v1/runs/${encodeURIComponent(jobUid)}`;
    const ask = async (host: string) => RunReport.parse(await this.#send({ method: 'GET', host, path }));
    const service = this.#serviceAt(address);
    const first = await ask(service);
    const { replica } = first;
    if (stage !== 'rehearsal' || first.recorded || replica === undefined) return first;
    let failure: string;
    try {
      return await ask(`${replica}:${this.#link.program.replicaPort}`);
    } catch (error) {
      this.#link.signal?.throwIfAborted();
      failure = error instanceof Error ? error.message : String(error);
    }
    if (judgeRecorder(await this.#replicasAt(replica), Date.now()) === 'TryAgain')
      throw new RecorderUnavailable(replica, failure);
    // It may have stored the recording right before it ended.
    return await ask(service);
  }

  /** Has the gateway carry out decisions on effects whose outcome is unknown; returns the report about the run after that. */
  async resolve(address: string, body: NamedRun): Promise<RunReport> {
    const host = this.#serviceAt(address);
    return RunReport.parse(await this.#send({ method: 'POST', host, path: '/sentinel/v1/resolutions', body }));
  }

  /** Rolls back the changes of a run, as many as one pass can. */
  async rollBack(address: string, body: NamedRun): Promise<z.infer<typeof Rollback>> {
    const asked = {
      method: 'POST',
      host: this.#serviceAt(address),
      path: '/sentinel/v1/rollbacks',
      body,
    } as const;
    return Rollback.parse(await this.#send({ ...asked, headersTimeout: ROLLBACK_MS }));
  }

  /** The statement of the gateway about an ended action, sealed with its own key. After that the action can no longer run. */
  async end(address: string, action: NamedAction): Promise<string> {
    const host = this.#serviceAt(address);
    return End.parse(await this.#send({ method: 'POST', host, path: '/sentinel/v1/ends', body: action })).statement;
  }

  /** Why the dry-run policy inside the API server is not enforced, or undefined. */
  async lockFault(address: string): Promise<string | undefined> {
    const answer = await this.#send({ method: 'GET', host: this.#serviceAt(address), path: '/sentinel/v1/lock' });
    return LockState.parse(answer).fault ?? undefined;
  }

  /** What is stored for actions, seen from a namespace. */
  async storage(address: string, namespace: string): Promise<StorageUse> {
    const host = this.#serviceAt(address);
    return Storage.parse(await this.#send({ method: 'GET', host, path: `/sentinel/v1/storage/${namespace}` }));
  }

  #serviceAt(address: string): string {
    return `${address}:${this.#link.program.servicePort}`;
  }

  async #replicasAt(podIP: string) {
    const found = await this.#link.client.list(pods, {
      namespace: namespaces.system,
      labelSelector: 'app.kubernetes.io/name=sentinel,app.kubernetes.io/component=gateway',
      fieldSelector: `status.podIP=${podIP}`,
    });
    return found.items;
  }

  async #send(asked: Asked): Promise<unknown> {
    // The kind of question, without the run or namespace that it is about.
    const question = asked.path.split('/', 4).join('/');
    const { service } = this.#link.program;
    const attributes = { 'http.request.method': asked.method, 'url.template': question, 'server.address': service };
    return await inSpan('client', `${asked.method} ${question}`, attributes, () => this.#exchange(asked));
  }

  async #exchange({ method, host, path, body, headersTimeout = 60_000 }: Asked): Promise<unknown> {
    const { dispatcher, headers } = await this.#link.open();
    const answer = await request(`https://${host}${path}`, {
      method,
      dispatcher,
      headers: { ...headers, ...(body ? { 'content-type': 'application/json' } : {}) },
      body: body ? JSON.stringify(body) : null,
      ...(this.#link.signal ? { signal: this.#link.signal } : {}),
      headersTimeout,
      bodyTimeout: 60_000,
    });
    const text = await answer.body.text();
    if (answer.statusCode !== 200) throw new Error(`the gateway answered ${answer.statusCode}: ${text.slice(0, 300)}`);
    return readJson(text, 'the gateway');
  }
}
