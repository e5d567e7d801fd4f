import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { after } from 'node:test';
import { TransportError } from '../errors.ts';
import type { ClusterConfig } from './config.ts';
import { createTransport, type Transport, type TransportOptions } from './transport.ts';

/** How a server answers. */
export type Handle = (request: IncomingMessage, response: ServerResponse) => void;

const opened: { server: Server; transport: Transport }[] = [];
after(async () => {
  for (const { server, transport } of opened) {
    await transport.close();
    server.closeAllConnections();
    server.close();
  }
});

/** A transport to a server on the loopback that answers as it is told. */
export async function world(
  handle: Handle,
  of: { config?: Partial<ClusterConfig>; options?: Partial<TransportOptions>; server?: Server } = {},
) {
  const seen: { method: string; url: string; headers: IncomingMessage['headers']; body: Promise<string> }[] = [];
  const server = of.server ?? createServer();
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const { method = '', url = '', headers } = request;
    seen.push({ method, url, headers, body: text(request).catch(() => '') });
    handle(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const scheme = of.server ? 'https' : 'http';
  const origin = `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const config = { namespace: 'ns', currentContext: 'c', auth: async () => ({ authorization: 'Bearer old' }), ...of.config };
  const transport = createTransport(
    { ...config, server: origin + (of.config?.server ?? '') },
    { userAgent: 'test', ...of.options },
  );
  opened.push({ server, transport });
  return { seen, server, transport, origin };
}

export const ok: Handle = (_request, response) => response.end('{}');
export const get = { method: 'GET' as const, path: '/api' };
/** Whether an error is a TransportError with this code. */
export const failedWith = (code: string | RegExp, mayHaveHappened: boolean) => (error: unknown) => {
  assert.ok(error instanceof TransportError, String(error));
  assert.match(error.code, typeof code === 'string' ? new RegExp(`^${code}$`) : code);
  assert.equal(error.mayHaveHappened, mayHaveHappened, error.code);
  return true;
};
