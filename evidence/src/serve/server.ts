import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { KubeClient, Logger } from '@sentinel/kube';
import { boundConnections } from '@sentinel/kube/bound-connections';
import type { KeyPair } from '@sentinel/kube/certificates';
import { FairShare } from '@sentinel/policy';
import { type Asked, noteRequest } from '../metrics.ts';
import type { EvidenceStore } from '../store/evidence-store.ts';
import type { WriterAuthenticator } from './authenticate-writer.ts';
import { discoveryAt } from './discovery.ts';
import { callerOf, type FrontProxy } from './front-proxy.ts';
import { evidenceKeyOf, readEvidence } from './read-evidence.ts';
import { Refused } from './refused.ts';
import { writeEvidence } from './write-evidence.ts';

/** Where the operator stores evidence. The API server never sends a request here: an aggregated API is below /apis. */
const WRITE_PATH = '/sentinel/v1/evidence';
/** Two MiB of logs and the results, in JSON with the worst of escapes. */
const MAX_BODY = 16 * 1024 * 1024;
/** Reads and writes hold whole evidence in memory, which the pod limits to 384 MiB. Readers take no turn from the operator. */
const AT_ONCE = { read: 4, write: 4 };
const CONNECTIONS = { total: 512, perAddress: 128 };

export interface ServerContext {
  readonly store: EvidenceStore;
  readonly client: Pick<KubeClient, 'subjectAccessReview'>;
  readonly writers: Pick<WriterAuthenticator, 'authenticate'>;
  /** How the aggregation layer authenticates; undefined where the cluster has none. */
  readonly frontProxy: () => FrontProxy | undefined;
  readonly logger: Logger;
  readonly now: () => number;
}

/**
 * What the server shows, and which client certificates it verifies. Needed again for each certificate: a secure context replaces all of the
 * one before it.
 */
export const tlsOf = ({ key, cert }: KeyPair, proxy: FrontProxy | undefined) => ({
  key,
  cert,
  minVersion: 'TLSv1.2' as const,
  // Without an authority none is believed. Left out, it would be all that Node knows.
  ca: proxy === undefined ? [] : proxy.authority,
});

/**
 * The HTTPS server of the evidence store, not yet listening: the aggregated API for the API server alone, and the path on which the
 * operator stores evidence. Errors are answered as a Status in the format of the API server.
 */
export function createEvidenceServer(pair: KeyPair, context: ServerContext): Server {
  const running: Running = { read: 0, write: 0 };
  // Each request is judged and not the connection: the operator has a token instead of a certificate.
  const tls = { ...tlsOf(pair, context.frontProxy()), requestCert: true, rejectUnauthorized: false };
  const server = createServer(tls, (request, response) => {
    const asked = askedOf(request);
    response.once('close', () => noteRequest(asked, response.headersSent ? response.statusCode : 0));
    answer(context, running, request, asked)
      .then(({ contentType = 'application/json', body }) => send(response, 200, contentType, body))
      .catch((error: unknown) => fail(context.logger, request, response, error));
  });
  server.headersTimeout = 10_000;
  server.requestTimeout = 30_000;
  boundConnections(server, { open: new FairShare(CONNECTIONS.total), perAddress: CONNECTIONS.perAddress });
  return server;
}

/** How many requests of each kind are in progress. */
type Running = { -readonly [kind in keyof typeof AT_ONCE]: number };

const pathOf = (request: IncomingMessage) => (request.url ?? '/').split('?', 1)[0] ?? '/';

function askedOf(request: IncomingMessage): Asked {
  const path = pathOf(request);
  if (path === WRITE_PATH) return 'write';
  if (evidenceKeyOf(path)) return 'read';
  return discoveryAt(path, undefined) ? 'discovery' : 'other';
}

async function answer(
  context: ServerContext,
  running: Running,
  request: IncomingMessage,
  asked: Asked,
): Promise<{ readonly contentType?: string; readonly body: object }> {
  const path = pathOf(request);
  if (asked === 'write') {
    await context.writers.authenticate(request.headers.authorization, request.socket.remoteAddress ?? '');
    if (request.method !== 'POST') throw methodNotAllowed(request);
    return await bounded(running, 'write', async () => ({
      body: await writeEvidence(context.store, await readAll(request), context.now()),
    }));
  }
  const caller = callerOf(request, context.frontProxy());
  if (asked !== 'other' && request.method !== 'GET') throw methodNotAllowed(request);
  const document = discoveryAt(path, request.headers.accept);
  if (document) return document;
  const key = evidenceKeyOf(path);
  if (!key) throw new Refused(404, 'EvidencePathUnknown', 'the evidence store does not serve this path');
  return await bounded(running, 'read', async () => ({ body: await readEvidence(context, caller, key) }));
}

const methodNotAllowed = ({ method = '' }: IncomingMessage) =>
  new Refused(405, 'EvidenceMethodNotAllowed', `evidence does not support the method ${method}: it can only be read`);

async function bounded<T>(running: Running, kind: keyof Running, work: () => Promise<T>): Promise<T> {
  if (running[kind] >= AT_ONCE[kind]) throw new Refused(429, 'EvidenceBusy', 'too many requests are in progress; try again');
  running[kind] += 1;
  try {
    return await work();
  } finally {
    running[kind] -= 1;
  }
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY) throw new Refused(413, 'EvidenceTooLarge', `evidence may have at most ${MAX_BODY} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function fail(logger: Logger, request: IncomingMessage, response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) return void response.destroy();
  const refused =
    error instanceof Refused
      ? error
      : new Refused(500, 'EvidenceStoreFailed', 'the evidence store failed to answer; its log says why');
  if (refused.status >= 500) logger.error('Request failed', { method: request.method, code: refused.code, error: String(error) });
  // A part of the body may be unread.
  response.setHeader('connection', 'close');
  if (refused.status === 429 || refused.status === 503) response.setHeader('retry-after', '1');
  send(response, refused.status, 'application/json', refused.toStatus());
}

function send(response: ServerResponse, status: number, contentType: string, body: object): void {
  response.writeHead(status, { 'content-type': contentType }).end(JSON.stringify(body));
}
