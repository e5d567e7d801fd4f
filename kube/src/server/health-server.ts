import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import { toError } from '../errors.ts';
import type { Runnable } from '../manager/runnable.ts';
import { registry } from '../metrics.ts';
import { observeHealthCheck } from '../state-metrics.ts';
import { boundConnections, ConnectionCount } from './bound-connections.ts';

/** True is good; false and any rejection or throw are bad. */
export type HealthCheck = () => boolean | Promise<boolean>;

export interface HealthServerOptions {
  port: number;
  host?: string | undefined;
  /** All must be good for `/healthz`. Only what a restart would mend belongs here. */
  live?: Readonly<Record<string, HealthCheck>> | undefined;
  /** All must be good for `/readyz`. */
  ready?: Readonly<Record<string, HealthCheck>> | undefined;
  /** Served at `/metrics`; the shared one by default. */
  metrics?: Registry | undefined;
}

/** Anybody who reaches the port may connect. Neither idle connections nor many of them keep the kubelet out, or memory for themselves. */
const CONNECTIONS = { total: 512, perAddress: 16 };
const REQUEST_MS = 5_000;

/** Plain HTTP with `/healthz`, `/readyz` and `/metrics`. Answers 200 or 503, with the names of failed checks and nothing of their errors. */
export class HealthServer implements Runnable {
  readonly name = 'health server';
  /** Resolves to the port when the server listens. Stays pending if it cannot: then `start` rejects. */
  readonly ready: Promise<number>;
  readonly #listening: (port: number) => void;
  readonly #options: HealthServerOptions;

  constructor(options: HealthServerOptions) {
    const listening = Promise.withResolvers<number>();
    this.ready = listening.promise;
    this.#listening = listening.resolve;
    this.#options = options;
  }

  /** Serves until the signal aborts. Rejects if the port cannot be had. */
  async start(signal: AbortSignal): Promise<void> {
    // A server that is closed before it listens would listen all the same, and keep the process.
    if (signal.aborted) return;
    const server = createServer((request, response) => {
      this.#answer(request, response).catch((thrown) => response.destroy(toError(thrown)));
    });
    server.headersTimeout = REQUEST_MS;
    server.requestTimeout = REQUEST_MS;
    boundConnections(server, { open: new ConnectionCount(CONNECTIONS.total), perAddress: CONNECTIONS.perAddress });
    const stops = this.#observe();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.once('close', resolve);
      signal.addEventListener('abort', () => stopServer(server), { once: true });
      server.listen(this.#options.port, this.#options.host ?? '0.0.0.0', () => {
        this.#listening((server.address() as AddressInfo).port);
      });
    }).finally(() => {
      for (const stop of stops) stop();
    });
  }

  // An alert must be able to say which check fails, of which replica.
  #observe(): (() => void)[] {
    const { live = {}, ready = {} } = this.#options;
    const observe = (type: string, checks: Readonly<Record<string, HealthCheck>>) =>
      Object.entries(checks).map(([name, check]) =>
        observeHealthCheck({ name, type }, async () => ((await isGood(check)) ? 1 : 0)),
      );
    return [...observe('healthz', live), ...observe('readyz', ready)];
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url?.split('?')[0];
    if (path === '/healthz') return answerChecks(response, this.#options.live);
    if (path === '/readyz') return answerChecks(response, this.#options.ready);
    if (path !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    const metrics = this.#options.metrics ?? registry;
    response.writeHead(200, { 'content-type': metrics.contentType }).end(await metrics.metrics());
  }
}

async function answerChecks(response: ServerResponse, checks: Readonly<Record<string, HealthCheck>> = {}): Promise<void> {
  const results = await Promise.all(Object.entries(checks).map(async ([name, check]) => ({ name, good: await isGood(check) })));
  const failed = results.filter(({ good }) => !good).map(({ name }) => name);
  const text = failed.length === 0 ? 'ok' : `failed: ${failed.join(', ')}`;
  response.writeHead(failed.length === 0 ? 200 : 503, { 'content-type': 'text/plain' }).end(`${text}\n`);
}

async function isGood(check: HealthCheck): Promise<boolean> {
  try {
    return await check();
  } catch {
    return false;
  }
}

function stopServer(server: Server): void {
  server.close();
  server.closeAllConnections();
}
