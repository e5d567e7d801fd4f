import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Logger, TransportError } from '@sentinel/kube';
import type { Authenticator } from './authenticate.ts';
import { ByteBudget } from './byte-budget.ts';
import { badRequest, Refused } from './request/refused.ts';
import type { Runs } from './runs.ts';
import { type OperatorContext, serveOperator } from './serve-operator.ts';
import { type SandboxContext, serveSandbox } from './serve-sandbox.ts';

const MAX_BODY = 8 * 1024 * 1024;
/** Bodies that are held at a time: of all callers, and of one. The memory of a replica is limited to 512 MiB. */
const held = new ByteBudget(64 * 1024 * 1024, 24 * 1024 * 1024);

export interface ServerContext extends SandboxContext, OperatorContext {
  readonly authenticator: Authenticator;
  readonly runs: Runs;
  readonly logger: Logger;
  /** Why this replica must get no new connections now; undefined when it may. */
  readonly fault: () => string | undefined;
}

/** The HTTPS server of the gateway. Every answer to an error is a Status in the words of the API server; upgrades get none. */
export function createGatewayServer(tls: { key: string; cert: string }, context: ServerContext): Server {
  const server = createServer({ key: tls.key, cert: tls.cert, minVersion: 'TLSv1.2' }, (request, response) => {
    handle(context, request, response).catch((error: unknown) => fail(context, request, response, error));
  });
  server.on('upgrade', (_request: IncomingMessage, socket: Duplex) =>
    socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'),
  );
  server.on('connect', (_request: IncomingMessage, socket: Duplex) =>
    socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'),
  );
  server.headersTimeout = 10_000;
  return server;
}

async function handle(context: ServerContext, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = request.url ?? '/';
  if (url === '/sentinel/live') return void response.writeHead(200).end('ok\n');
  if (url === '/sentinel/ready') {
    const fault = context.fault();
    return void response.writeHead(fault === undefined ? 200 : 503).end(`${fault ?? 'ok'}\n`);
  }
  const caller = await context.authenticator.authenticate(request.headers.authorization);
  // What a request brought is held until it is answered, in a queue of its run as well.
  const holds: (() => void)[] = [];
  response.once('close', () => {
    for (const giveBack of holds) giveBack();
  });
  const key = caller.kind === 'operator' ? 'operator' : caller.pod.uid;
  const body = await readAll(request, (bytes) => holds.push(held.take(key, bytes)));
  const method = request.method ?? 'GET';
  if (caller.kind === 'operator') {
    const answer = await serveOperator(context, method, url, body);
    return void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  }
  const run = await context.runs.of(caller.pod);
  const headers = {
    accept: request.headers.accept,
    contentType: request.headers['content-type'],
    upgrade: request.headers.upgrade,
  };
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  const answer = await serveSandbox(context, run, { method, url, headers, body }, gone.signal);
  if ('contentType' in answer)
    return void response.writeHead(answer.status, { 'content-type': answer.contentType }).end(answer.body);
  const type = answer.headers['content-type'];
  response.writeHead(answer.status, typeof type === 'string' ? { 'content-type': type } : {});
  response.flushHeaders();
  await pipeline(answer.body, response);
}

async function readAll(request: IncomingMessage, hold: (bytes: number) => void): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY) throw new Refused(413, 'RequestEntityTooLarge', `a request may have at most ${MAX_BODY} bytes`);
    hold(chunk.length);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function fail(context: ServerContext, request: IncomingMessage, response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const refused = error instanceof Refused ? error : toRefused(error);
  if (refused.status >= 500) context.logger.error('Request failed', { method: request.method, error: String(error) });
  else
    context.logger.info('Refused request', {
      method: request.method,
      url: request.url?.slice(0, 256),
      status: refused.status,
      why: refused.message,
    });
  // With this header, client-go sends a request again by itself.
  const retry = refused.status === 429 ? { 'retry-after': '1' } : {};
  response.writeHead(refused.status, { 'content-type': 'application/json', ...retry }).end(JSON.stringify(refused.toStatus()));
}

function toRefused(error: unknown): Refused {
  if (error instanceof TransportError)
    return new Refused(503, 'ServiceUnavailable', `the API server cannot be reached: ${error.message}`);
  if (error instanceof SyntaxError) return badRequest('the body can not be read');
  return new Refused(500, 'InternalError', 'internal gateway error; the write may or may not have been applied');
}
