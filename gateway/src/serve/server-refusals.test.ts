import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ClientRequest } from 'node:http';
import { Agent, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { silentLogger, TransportError } from '@sentinel/kube';
import { createAuthority, issueServerCertificate, type KeyPair } from '@sentinel/kube/certificates';
import { DrainState } from '../drain/state.ts';
import { Refused } from '../request/refused.ts';
import { createGatewayServer, type ServerContext } from './server.ts';

const MiB = 1024 * 1024;

interface Answer {
  /** 0 when the connection was closed without an answer. */
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly body: string;
}

describe('Requests that the server of the gateway refuses', () => {
  let [authority, pair]: [KeyPair | undefined, KeyPair | undefined] = [undefined, undefined];
  const servers: ReturnType<typeof createGatewayServer>[] = [];
  before(async () => {
    authority = await createAuthority('gateway', 1);
    pair = await issueServerCertificate(authority, ['gateway.test'], 1);
  });
  after(() => {
    for (const server of servers) server.close().closeAllConnections();
  });

  /** A server that knows every caller as a sandbox of this Job, unless `authenticate` says otherwise. */
  async function start(authenticate: () => unknown = () => ({ kind: 'sandbox', pod: { name: 'p', uid: 'p' } })) {
    assert.ok(pair);
    const drain = new DrainState();
    const context = {
      drain,
      logger: silentLogger,
      isFresh: () => true,
      authenticator: { authenticate: async () => authenticate() },
      runs: { of: async () => ({ stage: 'rehearsal', jobUid: 'job', namespace: 'shop' }), othersHavePods: () => false },
      lock: { fault: async () => undefined },
    } as unknown as ServerContext;
    const server = createGatewayServer(pair, context);
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { drain, port: (server.address() as AddressInfo).port };
  }

  const tls = () => ({ ca: authority?.cert ?? '', servername: 'gateway.test' });

  const send = (port: number, write: (sent: ClientRequest) => void, headers = {}, path = '/api/v1/namespaces/shop/configmaps') =>
    new Promise<Answer>((resolve) => {
      const agent = new Agent({ ...tls() });
      const sent = request({ host: '127.0.0.1', port, path, method: 'POST', agent, headers }, (got) => {
        let body = '';
        got.setEncoding('utf8').on('data', (part: string) => {
          body += part;
        });
        got.on('end', () => resolve({ status: got.statusCode ?? 0, retryAfter: got.headers['retry-after'], body }));
      });
      sent.on('error', () => resolve({ status: 0, retryAfter: undefined, body: '' }));
      write(sent);
    });

  it('tells a client that its body is too large', async () => {
    const { port } = await start();
    const answer = await send(port, (sent) => sent.end(Buffer.alloc(4 * MiB, 'x')));
    assert.equal(answer.status, 413);
    assert.match(answer.body, /a request may have at most 3145728 bytes/);
  });

  it('tells a client to send it again when its run has as much under way as it may', async () => {
    const { port } = await start();
    const open: ClientRequest[] = [];
    // Sent except for the last byte: each holds its share.
    for (let count = 0; count < 4; count += 1)
      void send(
        port,
        (sent) => {
          open.push(sent);
          sent.write(Buffer.alloc(3 * MiB - 1, 'x'));
        },
        { 'content-length': 3 * MiB },
      );
    let answer: Answer | undefined;
    for (let tries = 0; tries < 100 && answer?.status !== 429; tries += 1) {
      answer = await send(port, (sent) => sent.end(Buffer.alloc(MiB / 2, 'x')));
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.deepEqual([answer?.status, answer?.retryAfter], [429, '1']);
    assert.match(answer?.body ?? '', /too many bytes are sent at a time; send the request again/);
    for (const sent of open) sent.destroy();
    // What they held is given back.
    for (let tries = 0; tries < 100 && answer?.status === 429; tries += 1) {
      answer = await send(port, (sent) => sent.end(Buffer.alloc(MiB / 2, 'x')));
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.notEqual(answer?.status, 429);
  });

  const failures: readonly [why: string, thrown: unknown, status: number, message: RegExp, retryAfter?: string][] = [
    ['a caller that is refused', new Refused(401, 'TokenInvalid', 'no token'), 401, /"sentinel: no token"/],
    [
      'an API server that cannot be reached',
      new TransportError('connect ECONNREFUSED', { code: 'ECONNREFUSED', mayHaveHappened: false }),
      503,
      /the API server cannot be reached: connect ECONNREFUSED/,
    ],
    [
      'a fault of its own',
      new TypeError('secret detail'),
      500,
      /internal gateway error; the write may or may not have been applied/,
    ],
    ['a value that is not an Error', 'secret detail', 500, /internal gateway error/],
    ['too many requests', new Refused(429, 'GatewayBusy', 'later'), 429, /later/, '1'],
  ];
  for (const [why, thrown, status, message, retryAfter] of failures)
    it(`answers with a Status for ${why}`, async () => {
      const { port, drain } = await start(() => {
        throw thrown;
      });
      const answer = await send(port, (sent) => sent.end('{}'));
      const { kind, code } = JSON.parse(answer.body) as { kind: string; code: number };
      assert.deepEqual([answer.status, kind, code, answer.retryAfter], [status, 'Status', status, retryAfter]);
      assert.match(answer.body, message);
      assert.doesNotMatch(answer.body, /secret detail/);
      assert.equal(drain.requests, 0);
    });

  it('answers nobody before it knows who asks', async () => {
    let asked = 0;
    const { port } = await start(() => {
      asked += 1;
      throw new Refused(401, 'TokenInvalid', 'no token');
    });
    for (const path of ['/', '/healthz', '/metrics', '/sentinel/v1/lock', '/api/v1/secrets', '//', '/%2e%2e/'])
      assert.equal((await send(port, (sent) => sent.end(), {}, path)).status, 401, path);
    assert.equal(asked, 7);
  });

  /** What the server says to a request that is written by hand. */
  async function raw(port: number, lines: string[]): Promise<string> {
    const socket: TLSSocket = connect({ host: '127.0.0.1', port, ...tls() });
    await once(socket, 'secureConnect');
    let answer = '';
    socket.setEncoding('utf8').on('data', (part: string) => {
      answer += part;
    });
    socket.on('error', () => undefined);
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    await once(socket, 'close');
    return answer;
  }

  it('lets nobody change to another protocol, and tunnels nothing', async () => {
    let asked = 0;
    const { port } = await start(() => {
      asked += 1;
    });
    const host = 'Host: gateway.test';
    const upgrade = ['Connection: Upgrade', 'Upgrade: SPDY/3.1'];
    assert.match(
      await raw(port, ['POST /api/v1/namespaces/shop/pods/web/exec?command=sh HTTP/1.1', host, ...upgrade]),
      /^HTTP\/1\.1 403 /,
    );
    assert.match(await raw(port, ['CONNECT 10.0.0.1:443 HTTP/1.1', host]), /^HTTP\/1\.1 403 /);
    assert.equal(asked, 0);
  });

  it('takes no request whose length is said in two ways', async () => {
    let asked = 0;
    const { port } = await start(() => {
      asked += 1;
    });
    const smuggled = ['POST / HTTP/1.1', 'Host: gateway.test', 'Content-Length: 4', 'Transfer-Encoding: chunked'];
    assert.match(await raw(port, smuggled), /^HTTP\/1\.1 400 /);
    assert.equal(asked, 0);
  });
});
