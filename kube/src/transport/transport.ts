import type { Readable } from 'node:stream';
import { Agent, type Dispatcher, ProxyAgent } from 'undici';
import { TransportError, toError } from '../errors.ts';
import { restClientDuration, restClientRequests } from '../metrics.ts';
import { pathTemplate } from '../tracing/path-template.ts';
import { inSpan, isTraced, traceHeaders } from '../tracing/spans.ts';
import type { ClusterConfig } from './config.ts';
import type { Headers } from './headers.ts';

export type { Headers } from './headers.ts';

/** Query parameters; `undefined` ones are left out. */
export type Query = Record<string, string | number | boolean | undefined>;
export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** One request. `path` is sent as it is: encode what comes from outside. */
export interface TransportRequest {
  method: Method;
  path: string;
  query?: Query | undefined;
  headers?: Headers | undefined;
  body?: string | Uint8Array | undefined;
  signal?: AbortSignal | undefined;
  /** For the whole exchange; 30 s by default. Of `stream` it bounds the time to the headers. */
  timeoutMs?: number | undefined;
}

/** Header names of answers are lower-case. */
export type ResponseHeaders = Readonly<Record<string, string | string[] | undefined>>;

export interface TransportResponse {
  status: number;
  headers: ResponseHeaders;
  body: Buffer;
}

export interface TransportStream {
  status: number;
  headers: ResponseHeaders;
  body: Readable;
}

/** Sends requests to one API server. */
export interface Transport {
  /**
   * Sends one request once (twice only after a 401, with fresh credentials) and reads the whole answer.
   * Resolves for every HTTP status. Rejects with `TransportError` on network trouble, with `signal.reason` if the signal aborts.
   */
  request(request: TransportRequest): Promise<TransportResponse>;
  /** As `request`, but resolves at the headers. Anyone who calls must read or destroy the body; the signal destroys it too. */
  stream(request: TransportRequest): Promise<TransportStream>;
  /** Breaks off what is under way and closes all connections. */
  close(): Promise<void>;
}

export interface TransportOptions {
  userAgent: string;
  /** Most connections for requests; more requests wait for a free one. 32 by default. Watches are not counted. */
  connections?: number | undefined;
  timeoutMs?: number | undefined;
}

/** Opens no connection before the first request. One pool for requests, another for streams, so watches never starve requests. */
export function createTransport(config: ClusterConfig, options: TransportOptions): Transport {
  return new UndiciTransport(config, options);
}

const NEVER_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_HAS_EXPIRED',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

class UndiciTransport implements Transport {
  readonly #config: ClusterConfig;
  readonly #options: TransportOptions;
  readonly #requests: Dispatcher;
  readonly #streams: Dispatcher;
  readonly #origin: string;
  readonly #host: string;
  readonly #prefix: string;

  constructor(config: ClusterConfig, options: TransportOptions) {
    const url = new URL(config.server);
    this.#config = config;
    this.#options = options;
    this.#origin = url.origin;
    this.#host = url.hostname;
    this.#prefix = url.pathname.replace(/\/+$/, '');
    this.#requests = createDispatcher(config, { connections: options.connections ?? 32, bodyTimeout: 60_000 });
    // The reflector's watchdog decides when a quiet watch is dead, so no body timeout here.
    this.#streams = createDispatcher(config, { connections: null, bodyTimeout: 0 });
  }

  async request(request: TransportRequest): Promise<TransportResponse> {
    const timeoutMs = request.timeoutMs ?? this.#options.timeoutMs ?? 30_000;
    return withDeadline(timeoutMs, request.signal, async (signal) => {
      const answer = await this.#authorised(this.#requests, request, signal);
      const body = Buffer.from(await answer.body.arrayBuffer());
      return { status: answer.statusCode, headers: answer.headers, body };
    });
  }

  async stream(request: TransportRequest): Promise<TransportStream> {
    const abort = new AbortController();
    const stop = () => abort.abort(request.signal?.reason);
    if (request.signal?.aborted) stop();
    request.signal?.addEventListener('abort', stop, { once: true });
    try {
      const answer = await withDeadline(request.timeoutMs ?? 30_000, abort.signal, (signal) => {
        signal.addEventListener('abort', () => abort.abort(signal.reason), { once: true });
        return this.#authorised(this.#streams, request, abort.signal);
      });
      answer.body.once('close', () => request.signal?.removeEventListener('abort', stop));
      return { status: answer.statusCode, headers: answer.headers, body: answer.body };
    } catch (error) {
      request.signal?.removeEventListener('abort', stop);
      throw error;
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#requests.destroy(), this.#streams.destroy()]);
  }

  async #authorised(dispatcher: Dispatcher, request: TransportRequest, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const first = await this.#send(dispatcher, request, signal, await unlessAborted(signal, this.#config.auth()));
    if (first.statusCode !== 401) return first;
    const fresh = await unlessAborted(signal, this.#config.auth(true)).catch((error: unknown) => {
      // A body that nobody reads would keep its connection.
      first.body.destroy();
      throw error;
    });
    if (fresh.authorization === undefined) return first;
    // A 401 is given before anything is done, so sending again is safe for writes as well.
    await first.body.dump();
    return this.#send(dispatcher, request, signal, fresh);
  }

  // What a process asks by itself, such as its watches and leases, is no part of anything and makes no trace.
  async #send(dispatcher: Dispatcher, request: TransportRequest, signal: AbortSignal, auth: Headers) {
    if (!isTraced()) return await this.#exchange(dispatcher, request, signal, auth);
    const template = pathTemplate(request.path);
    const attributes = { 'http.request.method': request.method, 'url.template': template, 'server.address': this.#host };
    return await inSpan('client', `${request.method} ${template}`, attributes, async (span) => {
      const answer = await this.#exchange(dispatcher, request, signal, { ...traceHeaders(), ...auth });
      span.setAttribute('http.response.status_code', answer.statusCode);
      return answer;
    });
  }

  async #exchange(dispatcher: Dispatcher, request: TransportRequest, signal: AbortSignal, more: Headers) {
    const { method } = request;
    const begun = performance.now();
    const sent = dispatcher.request({
      origin: this.#origin,
      path: this.#prefix + request.path + encodeQuery(request.query),
      method,
      headers: { accept: 'application/json', 'user-agent': this.#options.userAgent, ...request.headers, ...more },
      body: request.body === undefined ? null : request.body,
      signal,
    });
    const answer = await sent.catch((error: unknown) => {
      // As client-go counts it. What our own caller gave up is nobody's failure; a timeout is.
      if (!signal.aborted || signal.reason instanceof TransportError)
        restClientRequests.inc({ code: '<error>', method, host: this.#origin });
      throw error;
    });
    // The code that reads the body also gets this error. Without this listener, an error before anybody reads it would end the process.
    answer.body.on('error', () => undefined);
    restClientRequests.inc({ code: String(answer.statusCode), method, host: this.#origin });
    restClientDuration.observe({ verb: method, host: this.#origin }, (performance.now() - begun) / 1000);
    return answer;
  }
}

function createDispatcher(config: ClusterConfig, pool: { connections: number | null; bodyTimeout: number }): Dispatcher {
  const tls = {
    ...(config.ca ? { ca: config.ca } : {}),
    ...(config.clientCert ? { cert: config.clientCert } : {}),
    ...(config.clientKey ? { key: config.clientKey } : {}),
    ...(config.tlsServerName ? { servername: config.tlsServerName } : {}),
    ...(config.insecureSkipTlsVerify ? { rejectUnauthorized: false } : {}),
  };
  // HTTP/1.1 only: the server caps streams per HTTP/2 connection, and one lost connection would end all watches together.
  // Idle sockets are let go well before the server does it (90 s), so a request seldom meets a closing connection.
  const options = { ...pool, allowH2: false, headersTimeout: 60_000, keepAliveTimeout: 30_000, pipelining: 1 };
  if (config.proxyUrl) return new ProxyAgent({ ...options, uri: config.proxyUrl, requestTls: tls });
  return new Agent({ ...options, connect: { ...tls, timeout: 10_000, keepAlive: true, keepAliveInitialDelay: 30_000 } });
}

function encodeQuery(query: Query | undefined): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) if (value !== undefined) parameters.set(name, String(value));
  return parameters.size === 0 ? '' : `?${parameters.toString()}`;
}

// One timer and one listener for each request, both removed at its end: long-lived signals gather nothing.
async function withDeadline<T>(ms: number, outer: AbortSignal | undefined, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  outer?.throwIfAborted();
  const inner = new AbortController();
  const stop = () => inner.abort(outer?.reason);
  const timer = setTimeout(() => inner.abort(timeoutError(ms)), ms);
  outer?.addEventListener('abort', stop, { once: true });
  try {
    return await run(inner.signal);
  } catch (error) {
    if (outer?.aborted) throw outer.reason;
    if (inner.signal.aborted) throw inner.signal.reason;
    throw asTransportError(error);
  } finally {
    clearTimeout(timer);
    outer?.removeEventListener('abort', stop);
  }
}

// Credentials may come from another program, which may hang.
async function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const stop = () => aborted.reject(signal.reason);
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function timeoutError(ms: number): TransportError {
  return new TransportError(`No complete answer within ${ms} ms`, { code: 'TIMEOUT', mayHaveHappened: true });
}

/** Wraps what sockets, TLS and undici throw. A `TransportError` is returned as it is. */
export function asTransportError(thrown: unknown): TransportError {
  if (thrown instanceof TransportError) return thrown;
  const error = toError(thrown);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : 'UNKNOWN';
  const message =
    error.message || (error instanceof AggregateError ? error.errors.map((e) => toError(e).message).join('; ') : code);
  return new TransportError(message, { code, mayHaveHappened: !NEVER_SENT.has(code), cause: thrown });
}
