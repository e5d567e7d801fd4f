import type { Server as HttpsServer } from 'node:https';
import type { AccessSubject, KubeClient, Logger } from '@sentinel/kube';
import { boundConnections } from '@sentinel/kube/bound-connections';
import type { KeyPair } from '@sentinel/kube/certificates';
import { paceConnections } from '@sentinel/kube/pace-connections';
import { FairShare } from '@sentinel/policy';
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import { type Asked, noteRequest } from '../metrics.ts';
import type { EvidenceStore } from '../store/evidence-store.ts';
import type { WriterAuthenticator } from './authenticate-writer.ts';
import { discoveryAt, discoveryPaths } from './discovery.ts';
import { callerOf, type FrontProxy } from './front-proxy.ts';
import { EVIDENCE_PATH, evidenceKeyOf, readEvidence } from './read-evidence.ts';
import { Refused } from './refused.ts';
import { requireRoom, writeEvidence } from './write-evidence.ts';

/** Where the operator stores evidence. The API server never sends a request here: an aggregated API is below /apis. */
const WRITE_PATH = '/sentinel/v1/evidence';
/** Two MiB of logs and the results, in JSON with the worst of escapes. */
const MAX_BODY = 16 * 1024 * 1024;
/** Reads and writes hold whole evidence in memory, which the pod limits to 384 MiB. Readers take no turn from the operator. */
const AT_ONCE = { read: 4, write: 4 };
const CONNECTIONS = { open: 512, begun: 300, perAddress: 128 };
/** Each connection is a TLS handshake, and any pod can ask for one. The API server and the operator keep theirs. */
const PACE = { burst: 100, perSecond: 20, waitMs: 8_000 };

export interface ServerContext {
  readonly store: EvidenceStore;
  readonly client: Pick<KubeClient, 'subjectAccessReview' | 'get'>;
  readonly writers: Pick<WriterAuthenticator, 'authenticate'>;
  /** How the aggregation layer authenticates; undefined where the cluster has none. */
  readonly frontProxy: () => FrontProxy | undefined;
  readonly logger: Logger;
  readonly now: () => number;
  /** Aborts when the program is told to end. From then on each answer ends its connection, so that the next request goes elsewhere. */
  readonly stopping?: AbortSignal | undefined;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    readonly asked?: Asked;
  }
  interface FastifyRequest {
    /** For whom the aggregation layer asks; undefined on the path of the operator. */
    caller?: AccessSubject;
  }
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
export function createEvidenceServer(pair: KeyPair, context: ServerContext) {
  const app = fastify({
    // Each request is judged and not the connection: the operator has a token instead of a certificate.
    https: {
      ...tlsOf(pair, context.frontProxy()),
      requestCert: true,
      rejectUnauthorized: false,
      handshakeTimeout: 10_000,
      headersTimeout: 10_000,
      connectionsCheckingInterval: 2_000,
    },
    bodyLimit: MAX_BODY,
    requestTimeout: 30_000,
    // Closes a connection whose client does not read its answer.
    connectionTimeout: 60_000,
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    exposeHeadRoutes: false,
    frameworkErrors: (_error, request, reply) => fail(context.logger, request, reply, pathUnknown()),
  });
  paceConnections(app.server, PACE);
  const { open, begun, perAddress } = CONNECTIONS;
  boundConnections(app.server, { open: new FairShare(open), begun: new FairShare(begun), perAddress });
  leaveWhenStopping(app, context.stopping);
  // The handler of the one path that takes a body reads it, when it is its turn.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
  app.addHook('onRequest', async (request, reply) => {
    const asked = request.routeOptions.config.asked ?? 'other';
    reply.raw.once('close', () => noteRequest(asked, reply.raw.headersSent ? reply.raw.statusCode : 0));
    if (asked === 'write') await context.writers.authenticate(request.headers.authorization, request.ip);
    else request.caller = callerOf(request.raw, context.frontProxy(), context.now());
    const mayWrite = asked === 'write' && request.method === 'POST';
    if (asked !== 'other' && request.method !== 'GET' && !mayWrite) throw methodNotAllowed(request.method);
  });
  serve(app, context);
  app.setNotFoundHandler(() => {
    throw pathUnknown();
  });
  app.setErrorHandler((error, request, reply) => fail(context.logger, request, reply, error));
  return app;
}

type App = FastifyInstance<HttpsServer>;

function serve(app: App, context: ServerContext): void {
  const running: Running = { read: 0, write: 0 };
  for (const path of discoveryPaths)
    app.all(path, { config: { asked: 'discovery' } }, async (request, reply) => {
      const { contentType = '', body } = discoveryAt(path, request.headers.accept) ?? {};
      return send(reply, 200, body, contentType);
    });
  app.all(EVIDENCE_PATH, { config: { asked: 'read' } }, async (request, reply) => {
    const key = evidenceKeyOf(request.params);
    const { caller } = request;
    if (!key || !caller) throw pathUnknown();
    return send(reply, 200, await bounded(running, 'read', () => readEvidence(context, caller, key)));
  });
  app.all(WRITE_PATH, { config: { asked: 'write' } }, async (request, reply) => {
    if (request.method === 'GET') return send(reply, 200, requireRoom(context.store, request.query));
    const store = async () => await writeEvidence(context.store, await readAll(request), context.now());
    return send(reply, 200, await bounded(running, 'write', store));
  });
}

/**
 * The API server keeps connections for minutes and knows them by the name of the Service, not by the pod. It would go on to ask a process
 * that ends.
 */
function leaveWhenStopping(app: App, stopping: AbortSignal | undefined): void {
  stopping?.addEventListener('abort', () => app.server.closeIdleConnections(), { once: true });
  app.addHook('onSend', async (_request, reply) => {
    if (stopping?.aborted) reply.header('connection', 'close');
  });
}

/** How many requests of each kind are in progress. */
type Running = { -readonly [kind in keyof typeof AT_ONCE]: number };

async function bounded<T>(running: Running, kind: keyof Running, work: () => Promise<T>): Promise<T> {
  if (running[kind] >= AT_ONCE[kind]) throw new Refused(429, 'EvidenceBusy', 'too many requests are in progress; try again');
  running[kind] += 1;
  try {
    return await work();
  } finally {
    running[kind] -= 1;
  }
}

async function readAll({ raw }: FastifyRequest): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of raw as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY) throw new Refused(413, 'EvidenceTooLarge', `evidence may have at most ${MAX_BODY} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const methodNotAllowed = (method: string) =>
  new Refused(405, 'EvidenceMethodNotAllowed', `evidence does not support the method ${method}: it can only be read`);

const pathUnknown = () => new Refused(404, 'EvidencePathUnknown', 'the evidence store does not serve this path');

function fail(logger: Logger, request: FastifyRequest, reply: FastifyReply, error: unknown): void {
  if (reply.raw.headersSent || reply.raw.destroyed) return void reply.raw.destroy();
  const refused =
    error instanceof Refused
      ? error
      : new Refused(500, 'EvidenceStoreFailed', 'the evidence store failed to answer; its log says why');
  if (refused.status >= 500) logger.error('Request failed', { method: request.method, code: refused.code, error: String(error) });
  // A part of the body may be unread.
  reply.header('connection', 'close');
  if (refused.status === 429 || refused.status === 503) reply.header('retry-after', '1');
  send(reply, refused.status, refused.toStatus());
}

// As bytes: fastify would add a charset to the type, which the clients of discovery compare.
function send(reply: FastifyReply, status: number, body: object = {}, contentType = 'application/json'): FastifyReply {
  return reply
    .code(status)
    .header('content-type', contentType)
    .send(Buffer.from(JSON.stringify(body)));
}
