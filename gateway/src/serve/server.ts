import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { continueTrace, inSpan, type Logger, pathTemplate, TransportError } from '@sentinel/kube';
import { boundConnections } from '@sentinel/kube/bound-connections';
import { FairShare } from '@sentinel/policy';
import type { DrainState } from '../drain/state.ts';
import { type Asker, noteForwarded, noteRefusal, noteRequest } from '../metrics.ts';
import { badRequest, forbidden, Refused, TryAgain } from '../request/refused.ts';
import { RECORDER_GONE } from '../run/resolve.ts';
import type { RecordedElsewhere, Run } from '../run/run.ts';
import type { Runs } from '../run/runs.ts';
import type { Authenticator } from './authenticate.ts';
import { FairBudget } from './fair-budget.ts';
import { FORWARDED, type Forwarder } from './forward.ts';
import { LargeRequestLimiter } from './large-request-limiter.ts';
import { type OperatorContext, serveOperator } from './serve-operator.ts';
import { type SandboxContext, serveSandbox } from './serve-sandbox.ts';

/** The maximum of the API server. */
const MAX_BODY = 3 * 1024 * 1024;
/** Limits of bodies in memory and of requests in progress, including watches. The memory of a replica is limited to 512 MiB. */
const bytes = new FairBudget(48 * 1024 * 1024, 'bytes are sent');
const requests = new FairBudget(1024, 'requests are under way');
/** The tenant name of the operator. No namespace can have this name. */
const OPERATOR = '/operator';
/** Open connections of a replica; a sandbox has an address of its own. */
const CONNECTIONS = { total: 4_096, perAddress: 256 };
/** The maximum of one run for both. */
const RUN_BYTES = 12 * 1024 * 1024;
const RUN_REQUESTS = 64;

export interface ServerContext extends SandboxContext, OperatorContext {
  readonly authenticator: Authenticator;
  readonly runs: Runs;
  readonly logger: Logger;
  readonly drain: DrainState;
  readonly forwarder: Pick<Forwarder, 'pass'>;
  /** Whether the policy caches of this replica are current. */
  readonly isFresh: () => boolean;
}

/** The HTTPS server of the gateway. Errors are returned as a Status in the format of the API server; upgrades are closed. */
export function createGatewayServer(tls: { key: string; cert: string }, context: ServerContext): Server {
  const large = new LargeRequestLimiter((namespace) => context.runs.othersHavePods(namespace));
  const server = createServer({ key: tls.key, cert: tls.cert, minVersion: 'TLSv1.2' }, (request, response) => {
    const answered = timeAnswer(response);
    handle(context, large, request, response, answered).catch((error: unknown) => fail(context, request, response, error));
  });
  server.on('upgrade', (_request: IncomingMessage, socket: Duplex) =>
    socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'),
  );
  server.on('connect', (_request: IncomingMessage, socket: Duplex) =>
    socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'),
  );
  server.headersTimeout = 10_000;
  server.requestTimeout = 60_000;
  boundConnections(server, { open: new FairShare(CONNECTIONS.total), perAddress: CONNECTIONS.perAddress });
  return server;
}

// Who asked is known only while it is answered.
function timeAnswer(response: ServerResponse): { by: Asker } {
  const [answered, begun] = [{ by: 'unknown' as Asker }, performance.now()];
  response.once('close', () =>
    noteRequest(answered.by, response.headersSent ? response.statusCode : 0, (performance.now() - begun) / 1000),
  );
  return answered;
}

async function handle(
  context: ServerContext,
  large: LargeRequestLimiter,
  request: IncomingMessage,
  response: ServerResponse,
  answered: { by: Asker },
): Promise<void> {
  // A client that retries gets a connection to another replica.
  if (context.drain.phase !== 'Serving') response.setHeader('connection', 'close');
  response.once('close', context.drain.enter());
  const source = request.socket.remoteAddress ?? '';
  const caller = await context.authenticator.authenticate(request.headers.authorization, source);
  const run = caller.kind === 'operator' ? undefined : await context.runs.of(caller.pod);
  answered.by = run === undefined ? 'operator' : run.stage;
  const method = request.method ?? 'GET';
  const template = pathTemplate(request.url ?? '/');
  const attributes = {
    'sentinel.asker': answered.by,
    'http.request.method': method,
    'url.template': template,
    ...(run === undefined ? {} : { 'k8s.namespace.name': run.namespace, 'k8s.job.uid': run.jobUid }),
  };
  const serve = () =>
    inSpan('server', `${answered.by} ${method} ${template}`, attributes, async (span) => {
      await respond(context, large, run, request, response).finally(() => {
        if (response.headersSent) span.setAttribute('http.response.status_code', response.statusCode);
      });
    });
  // A sandbox begins a trace of its own. Only the operator, and a replica that passes a request on, may go on with theirs.
  const goesOn = run === undefined || request.headers[FORWARDED] !== undefined;
  return goesOn ? await continueTrace(request.headers, serve) : await serve();
}

async function respond(
  context: ServerContext,
  large: LargeRequestLimiter,
  run: Run | RecordedElsewhere | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = request.url ?? '/';
  const share = shareOf(response, run);
  share(requests, 1, RUN_REQUESTS);
  // What a request brought is held until it is answered, in a queue of its run as well.
  const body = await readAll(request, (size) => share(bytes, size, RUN_BYTES));
  const method = request.method ?? 'GET';
  if (run === undefined) {
    const answer = await serveOperator(context, method, url, body);
    return void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  }
  const headers = {
    accept: request.headers.accept,
    contentType: request.headers['content-type'],
    upgrade: request.headers.upgrade,
  };
  // Its cached policies may be outdated and too loose.
  if (!context.isFresh())
    throw new TryAgain('GatewayDisconnected', 'this replica of the gateway has lost the API server; send the request again');
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  if ('recorder' in run) {
    if (request.headers[FORWARDED] !== undefined) throw forbidden('RecorderGone', RECORDER_GONE);
    noteForwarded();
    return await context.forwarder.pass(run.recorder, request, body, response, gone.signal);
  }
  const serve = () => serveSandbox(context, run, { method, url, headers, body }, gone.signal);
  const answer = await large.take(run.namespace, body.length, serve, gone.signal);
  if ('contentType' in answer)
    return void response.writeHead(answer.status, { 'content-type': answer.contentType }).end(answer.body);
  const type = answer.headers['content-type'];
  response.writeHead(answer.status, typeof type === 'string' ? { 'content-type': type } : {});
  response.flushHeaders();
  await pipeline(answer.body, response);
}

// Reserved until the response is sent or the client is gone, with a limit for the run and for its namespace. Rehearsals leave a part to real
// runs and their checks, and both leave a part to the operator.
function shareOf(response: ServerResponse, run: Run | RecordedElsewhere | undefined) {
  const holds: (() => void)[] = [];
  response.once('close', () => {
    for (const giveBack of holds.splice(0)) giveBack();
  });
  return (budget: FairBudget, amount: number, most: number): void => {
    // After 'close' it would never be released.
    if (response.destroyed) throw badRequest('ClientGone', 'the client has gone');
    if (run === undefined) return void holds.push(budget.take(OPERATOR, amount));
    const share = run.stage === 'rehearsal' ? 'rehearsal' : 'run';
    holds.push(budget.take(run.namespace, amount, { share, part: { key: run.jobUid, most } }));
  };
}

async function readAll(request: IncomingMessage, hold: (bytes: number) => void): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY) throw new Refused(413, 'BodyTooLarge', `a request may have at most ${MAX_BODY} bytes`);
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
  noteRefusal(refused.reason);
  if (refused.status >= 500) context.logger.error('Request failed', { method: request.method, error: String(error) });
  else
    context.logger.info('Refused request', {
      method: request.method,
      url: request.url?.slice(0, 256),
      status: refused.status,
      code: refused.code,
      why: refused.message,
    });
  // With this header, client-go sends a request again by itself.
  const retry = refused.status === 429 || refused instanceof TryAgain ? { 'retry-after': '1' } : {};
  response.writeHead(refused.status, { 'content-type': 'application/json', ...retry }).end(JSON.stringify(refused.toStatus()));
}

function toRefused(error: unknown): Refused {
  if (error instanceof TransportError)
    return new Refused(503, 'ApiServerUnavailable', `the API server cannot be reached: ${error.message}`);
  if (error instanceof SyntaxError) return badRequest('BodyInvalid', 'the body cannot be parsed');
  return new Refused(500, 'InternalError', 'internal gateway error; the write may or may not have been applied');
}
