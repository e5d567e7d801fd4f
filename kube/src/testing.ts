/** Helpers for the tests of this folder; not exported. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createClient, type KubeClient } from './client/client.ts';
import type { Clock } from './clock.ts';
import { createTransport } from './transport/transport.ts';
import type { AnyObject } from './types.ts';

export { startReceiver } from './tracing/receiver.fixture.ts';

/** A clock that moves only when told. */
export class FakeClock implements Clock {
  #time = 0;
  readonly #timers = new Set<{ at: number; callback: () => void }>();

  now(): number {
    return this.#time;
  }

  monotonic(): number {
    return this.#time;
  }

  setTimeout(callback: () => void, ms: number): () => void {
    const timer = { at: this.#time + ms, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Moves time on and runs what falls due, in order of time. */
  advance(ms: number): void {
    const end = this.#time + ms;
    for (;;) {
      const next = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.#timers.delete(next);
      this.#time = Math.max(this.#time, next.at);
      next.callback();
    }
    this.#time = end;
  }

  get pending(): number {
    return this.#timers.size;
  }
}

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** An HTTP server on the loopback that follows a script, and a client for it. */
export interface ScriptedServer {
  client: KubeClient;
  requests: string[];
  close: () => Promise<void>;
}

/** Each request takes the next answer of its sort (`list`, `watch` or `other`); the last one is given for ever. */
export async function scriptedServer(script: Partial<Record<'list' | 'watch' | 'other', Answer[]>>): Promise<ScriptedServer> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const url = request.url ?? '';
    requests.push(`${request.method} ${url}`);
    const sort = url.includes('watch=true') ? 'watch' : request.method === 'GET' ? 'list' : 'other';
    const answers = script[sort] ?? script.other ?? [];
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (answer) answer(request, response);
    else response.writeHead(404).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const config = { server: `http://127.0.0.1:${port}`, namespace: 'default', currentContext: 'test', auth: async () => ({}) };
  const transport = createTransport(config, { userAgent: 'test' });
  const close = async () => {
    await transport.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { client: createClient(transport), requests, close };
}

/** An answer with a JSON body. */
export function json(status: number, body: unknown, headers: Record<string, string> = {}): Answer {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };
}

/** A list answer. */
export function listOf(resourceVersion: string, ...items: AnyObject[]): Answer {
  return json(200, { metadata: { resourceVersion }, items });
}

/** A watch answer: these lines, then the end that is asked for (`open` stays silent for ever). */
export function watchOf(lines: readonly (string | object)[], end: 'fin' | 'reset' | 'open' = 'open'): Answer {
  return (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    for (const line of lines) response.write(`${typeof line === 'string' ? line : JSON.stringify(line)}\n`);
    if (end === 'fin') response.end();
    // The pause lets the lines through: a reset throws away what the reader has not yet taken.
    if (end === 'reset') setTimeout(() => response.socket?.resetAndDestroy(), 20);
  };
}

/** A watch event. */
export function event(type: string, object: unknown): object {
  return { type, object };
}

/** A ConfigMap in namespace `ns`. */
export function configMap(name: string, version: string, uid = `uid-${name}`): AnyObject {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'ns', uid, resourceVersion: version, managedFields: [{}] },
  };
}

/** Waits until a condition holds; throws after 3 s. */
export async function until(condition: () => boolean, what = 'the condition'): Promise<void> {
  const deadline = performance.now() + 3000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`Waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
