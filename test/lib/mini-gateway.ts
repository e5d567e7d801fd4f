import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { paths } from '@sentinel/cluster';
import type { ObservedEffect } from '@sentinel/crds';
import {
  type Answer,
  changeDigest,
  Discovery,
  describeEffect,
  isAnswer,
  type Observation,
  observe,
  type ParsedRequest,
  parseRequest,
  persistedDifferences,
  Refused,
  type Run,
  StoredVersions,
  sendWrite,
  Upstream,
} from '@sentinel/gateway/testing';
import { createTransport, loadConfig, type TransportRequest } from '@sentinel/kube';

// The gateway's own functions against the real API server, as an administrator and without an installation: a command of kubectl is
// sent through them twice, first as a dry-run, then for real where the change is the one that the dry-run showed.

const transport = createTransport(loadConfig({ kubeconfig: paths.kubeconfig }), { userAgent: 'sentinel-tests' });
const discovery = new Discovery(transport);
// Nobody is impersonated.
const asAdmin = ({ headers = {}, ...request }: TransportRequest) => {
  const own = Object.entries(headers).filter(([name]) => !name.startsWith('impersonate-'));
  return transport.request({ ...request, headers: Object.fromEntries(own) });
};
const upstream = new Upstream({ ...transport, request: asAdmin }, new StoredVersions(transport, discovery));
const run = { namespace: 'tests', account: 'tests', actionUid: 'tests' } as Run;

/** A request as a sandbox would send it, understood by the gateway. */
export async function understood(
  method: string,
  url: string,
  body: unknown,
  contentType = 'application/json',
): Promise<ParsedRequest> {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body === undefined ? '' : JSON.stringify(body));
  const request = await parseRequest({ method, url, headers: { contentType }, body: bytes }, discovery);
  if (!('api' in request)) throw new Error(`${url} is no resource`);
  return request;
}

/** What the write would do now; throws with the answer of the API server when it refuses it. */
export async function observed(request: ParsedRequest): Promise<Observation> {
  const found = await observe(upstream, run, 'rehearsal', request);
  if (isAnswer(found)) throw new Error(`${found.status}: ${found.body.toString('utf8')}`);
  return found;
}

/** Sends an observed write for real. */
export const sent = (
  request: ParsedRequest,
  { uid, resourceVersion }: Pick<Observation, 'uid' | 'resourceVersion'>,
): Promise<Answer> => sendWrite(upstream, run, 'enforce', request, { dryRun: false, uid, resourceVersion });

/** Closes the connections to the API server. */
export const closeTransport = (): Promise<void> => transport.close();

/** A server for kubectl. It notes the changes of each write; with `enforce` it also sends it, if the change was noted before. */
export class MiniGateway {
  enforce = false;
  /** Digests of the changes that were rehearsed and have not been sent. */
  readonly rehearsed: string[] = [];
  /** The rehearsed writes as a plan shows them. */
  readonly shown: ObservedEffect[] = [];
  /** What went otherwise than it should. */
  readonly faults: string[] = [];
  /** How many writes were sent. */
  done = 0;
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      this.#answer(request).then(
        ({ status, body, contentType }) => response.writeHead(status, { 'content-type': contentType }).end(body),
        (error: unknown) => {
          const refused = error instanceof Refused ? error : new Refused(500, 'InternalError', String(error));
          response.writeHead(refused.status, { 'content-type': 'application/json' }).end(JSON.stringify(refused.toStatus()));
        },
      );
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #answer(incoming: IncomingMessage): Promise<Answer> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const { method = 'GET', url = '/', headers } = incoming;
    if (method === 'GET') {
      const accept = { accept: headers.accept ?? 'application/json' };
      const read = await transport.request({ method, path: url, headers: accept });
      return { status: read.status, body: read.body, contentType: String(read.headers['content-type']) };
    }
    const request = await understood(method, url, Buffer.concat(chunks), headers['content-type'] ?? '');
    const found = await observe(upstream, run, 'rehearsal', request);
    if (isAnswer(found)) return found;
    const result = { status: 200, body: Buffer.from(JSON.stringify(found.result)), contentType: 'application/json' };
    if (found.changes.length === 0) return result;
    const digest = changeDigest(found.changes);
    if (!this.enforce) {
      this.rehearsed.push(digest);
      this.shown.push(describeEffect(request, found));
      return result;
    }
    return await this.#send(request, found, digest);
  }

  async #send(request: ParsedRequest, found: Observation, digest: string, attempts = 5): Promise<Answer> {
    if (this.rehearsed.shift() !== digest)
      this.faults.push(`not the change that was rehearsed: ${JSON.stringify(found.changes)}`);
    const answer = await sent(request, found);
    // A controller wrote the status of the object in between. The write is observed again, and must be the same one.
    if (answer.status === 409 && attempts > 0) {
      const again = await observe(upstream, run, 'rehearsal', request);
      if (isAnswer(again)) return again;
      if (changeDigest(again.changes) === digest) {
        this.rehearsed.unshift(digest);
        return await this.#send(request, again, digest, attempts - 1);
      }
    }
    if (answer.status >= 300) return answer;
    this.done++;
    const differences = persistedDifferences(request, found, JSON.parse(answer.body.toString('utf8')));
    if (differences.length > 0) this.faults.push(`not what was promised: ${JSON.stringify(differences)}`);
    return answer;
  }
}
