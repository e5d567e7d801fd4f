import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import type { ClientRequest } from 'node:http';
import { Agent, request } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { createAuthority, issueServerCertificate, type KeyPair } from '@sentinel/kube/certificates';
import { createWebhookServer, tlsOf, type WebhookContext } from './server.ts';

const review = JSON.stringify({
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  request: {
    uid: '1',
    resource: { group: 'example.com', resource: 'others' },
    operation: 'UPDATE',
    userInfo: { username: 'ada' },
  },
});

/** A client certificate of this authority. */
function clientCertificate(authority: KeyPair): KeyPair {
  const folder = mkdtempSync(join(tmpdir(), 'sentinel-'));
  const file = (name: string) => join(folder, name);
  writeFileSync(file('ca.crt'), authority.cert);
  writeFileSync(file('ca.key'), authority.key, { mode: 0o600 });
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', file('key')];
  openssl('req', '-subj', '/CN=api', '-addext', 'extendedKeyUsage=clientAuth', ...key, '-out', file('csr'));
  const issuer = ['-CA', file('ca.crt'), '-CAkey', file('ca.key'), '-copy_extensions', 'copy', '-days', '1'];
  openssl('x509', '-req', '-in', file('csr'), ...issuer, '-out', file('crt'));
  return { cert: readFileSync(file('crt'), 'utf8'), key: readFileSync(file('key'), 'utf8') };
}

describe('The server of the webhook', () => {
  let own: KeyPair;
  let [ca, otherCa]: [KeyPair | undefined, KeyPair | undefined] = [undefined, undefined];
  const servers: ReturnType<typeof createWebhookServer>[] = [];

  before(async () => {
    [own, ca, otherCa] = await Promise.all([createAuthority('own', 1), createAuthority('api', 1), createAuthority('other', 1)]);
  });
  after(() => Promise.all(servers.map((app) => app.close())));

  async function start(clientCa: string | undefined, stopping?: AbortSignal) {
    const pair = await issueServerCertificate(own, ['server.test'], 1);
    const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
    const context = { logger, clientCa, stopping } as unknown as WebhookContext;
    const app = createWebhookServer(pair, context);
    servers.push(app);
    await app.listen({ host: '127.0.0.1', port: 0 });
    return app;
  }

  const send = (app: Awaited<ReturnType<typeof start>>, path: string, body?: string, client?: KeyPair) =>
    new Promise<number>((resolve, reject) => {
      const { port } = app.server.address() as AddressInfo;
      const options = { host: '127.0.0.1', port, path, ca: own.cert, servername: 'server.test', agent: false, ...client };
      const headers = { 'content-type': 'application/json' };
      const sent = request({ ...options, method: body ? 'POST' : 'GET', headers }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      sent.once('error', reject);
      sent.end(body);
    });

  const answerOf = (app: Awaited<ReturnType<typeof start>>, body: string) =>
    new Promise<string>((resolve, reject) => {
      const { port } = app.server.address() as AddressInfo;
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
      const options = {
        host: '127.0.0.1',
        port,
        path: '/validate',
        method: 'POST',
        ca: own.cert,
        servername: 'server.test',
        headers,
      };
      request(options, (response) => {
        text(response).then(resolve, reject);
      })
        .once('error', reject)
        .end(body);
    });

  it('answers everyone where it has no authority of clients', async () => {
    const app = await start(undefined);
    assert.equal(await send(app, '/mutate', review), 200);
    assert.equal(await send(app, '/validate', review), 200);
  });

  it('begins a hundred connections of an address at once, and the next ones one after the other', async () => {
    const app = await start(undefined);
    const begun = performance.now();
    const statuses = await Promise.all(Array.from({ length: 120 }, () => send(app, '/mutate', review)));
    assert.deepEqual(new Set(statuses), new Set([200]));
    // Twenty more than the burst, at twenty a second.
    assert.ok(performance.now() - begun >= 900, `${performance.now() - begun} ms`);
  });

  it('leaves the connections of the API server when it is told to end, and answers meanwhile', async () => {
    const stop = new AbortController();
    const app = await start(undefined, stop.signal);
    const { port } = app.server.address() as AddressInfo;
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ask = () =>
      new Promise<{ status: number | undefined; isReused: boolean; connection: string | undefined }>((resolve, reject) => {
        const headers = { 'content-type': 'application/json' };
        const target = { host: '127.0.0.1', port, path: '/validate', ca: own.cert, servername: 'server.test' };
        const sent = request({ ...target, method: 'POST', headers, agent }, (response) => {
          const { connection } = response.headers;
          text(response).then(() => resolve({ status: response.statusCode, isReused: sent.reusedSocket, connection }), reject);
        });
        sent.once('error', reject);
        sent.end(review);
      });
    const [kept] = [await ask(), await ask()].slice(1);
    assert.deepEqual(kept, { status: 200, isReused: true, connection: 'keep-alive' });
    stop.abort();
    await setImmediate();
    // The client sees the end of the connection that it kept.
    while (Object.keys(agent.freeSockets).length > 0) await setImmediate();
    for (let at = 0; at < 2; at++) assert.deepEqual(await ask(), { status: 200, isReused: false, connection: 'close' });
    agent.destroy();
  });

  it('answers only a client of the authority that it has, whatever is asked', async () => {
    assert.ok(ca && otherCa);
    const app = await start(ca.cert);
    const [client, stranger] = [clientCertificate(ca), clientCertificate(otherCa)];
    const judge = async () => {
      for (const path of ['/mutate', '/validate']) {
        assert.equal(await send(app, path, review), 403);
        assert.equal(await send(app, path, review, stranger), 403);
        assert.equal(await send(app, path, review, client), 200);
      }
      assert.equal(await send(app, '/healthz'), 403);
    };
    await judge();
    app.server.setSecureContext(tlsOf(await issueServerCertificate(own, ['server.test'], 1), ca.cert));
    await judge();
  });

  /** A request whose body is written by `write`. Answers with the status, 0 when the connection closes without one. */
  const stream = (
    app: Awaited<ReturnType<typeof start>>,
    headers: Record<string, string | number>,
    write: (sent: ClientRequest) => void,
  ) =>
    new Promise<{ status: number; retryAfter?: string | undefined }>((resolve) => {
      const { port } = app.server.address() as AddressInfo;
      const options = {
        host: '127.0.0.1',
        port,
        path: '/validate',
        ca: own.cert,
        servername: 'server.test',
        agent: false,
      } as const;
      const all = { 'content-type': 'application/json', ...headers };
      const sent = request({ ...options, method: 'POST', headers: all }, (response) => {
        response.resume();
        resolve({ status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'] });
        sent.destroy();
      });
      sent.on('error', () => resolve({ status: 0 }));
      write(sent);
    });
  const withSpec = (spec: string) => review.replace('"userInfo"', `"object":{"metadata":{},"spec":${spec}},"userInfo"`);
  const MiB = 1024 * 1024;

  it('lets an object be edited so often, and its kill switch be thrown at any time', { timeout: 30_000 }, async () => {
    const app = await start(undefined);
    const update = (suspended: boolean) => {
      const [object, oldObject] = [suspended, false].map((is) => ({ metadata: { uid: 'p' }, spec: { suspended: is } }));
      const { request: asked, ...rest } = JSON.parse(review) as { request: object };
      const resource = { group: 'sentinel.dev', resource: 'agentpolicies' };
      return JSON.stringify({ ...rest, request: { ...asked, resource, object, oldObject } });
    };
    const answers: string[] = [];
    for (let count = 0; count < 70; count += 1) answers.push(await answerOf(app, update(false)));
    assert.ok(
      answers.slice(0, 64).every((one) => !one.includes('"code":429')),
      answers[0],
    );
    assert.match(answers.at(-1) ?? '', /"code":429,"reason":"TooManyRequests".*edited too often.*"retryAfterSeconds":2/);
    assert.doesNotMatch(await answerOf(app, update(true)), /"code":429/);
  });

  it('refuses a caller without a certificate before it has sent its body', { timeout: 10_000 }, async () => {
    const app = await start(ca?.cert);
    const { status } = await stream(app, { 'content-length': 3 * MiB }, (sent) => sent.write('{'));
    assert.equal(status, 403);
  });

  it('refuses too many values and too deep ones, and takes large objects', async () => {
    const app = await start(undefined);
    assert.equal(await send(app, '/validate', withSpec(`[${Array(200_000).fill('[]').join()}]`)), 413);
    assert.equal(await send(app, '/validate', withSpec('['.repeat(300) + ']'.repeat(300))), 413);
    assert.equal(await send(app, '/validate', withSpec(`"${'[{,:'.repeat(MiB / 2)}"`)), 200);
    assert.equal(await send(app, '/validate', withSpec(`[${Array(80_000).fill('{"a":1}').join()}]`)), 200);
    assert.equal(await send(app, '/validate', withSpec('{"__proto__":{}}')), 400);
  });

  it('refuses a body that is longer than the limit, or of a length that is not said', async () => {
    const app = await start(undefined);
    assert.equal((await stream(app, { 'content-length': 4 * MiB }, (sent) => sent.flushHeaders())).status, 413);
    assert.equal((await stream(app, {}, (sent) => sent.write('{'))).status, 411);
    const whole = withSpec(`"${'x'.repeat(3 * MiB)}"`);
    assert.equal((await stream(app, { 'content-length': whole.length }, (sent) => sent.end(whole))).status, 200);
  });

  it('judges reviews, small and large, while bodies that do not come take all the memory that they may have', {
    timeout: 20_000,
  }, async () => {
    const app = await start(undefined);
    // Declared, begun and not sent: one holds its share until it times out, and the others wait for it.
    const open: ClientRequest[] = [];
    let answered = 0;
    for (let count = 0; count < 30; count += 1)
      void stream(app, { 'content-length': 3 * MiB }, (sent) => {
        open.push(sent);
        sent.write(`{"${'x'.repeat(5_000)}`);
      }).then(
        () => (answered += 1),
        () => undefined,
      );
    // On a busy machine the connections take a while. The first of them hold their share for ten seconds.
    for (let tries = 0; tries < 80 && open.length < 30; tries += 1) await new Promise((resolve) => setTimeout(resolve, 100));
    const judged = await Promise.all(
      Array.from({ length: 50 }, () => send(app, '/validate', withSpec(`"${'x'.repeat(10_000)}"`))),
    );
    assert.deepEqual(new Set(judged), new Set([200]));
    assert.equal(await send(app, '/validate', withSpec(`"${'x'.repeat(3 * MiB)}"`)), 200);
    assert.equal(answered, 0);
    for (const sent of open) sent.destroy();
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.equal(await send(app, '/validate', withSpec(`"${'x'.repeat(3 * MiB)}"`)), 200);
  });

  it('closes connections of one address beyond its share, and answers another one', async () => {
    const app = await start(undefined);
    const { port } = app.server.address() as AddressInfo;
    let closed = 0;
    const sockets: Socket[] = [];
    await Promise.all(
      Array.from({ length: 600 }, async () => {
        const socket = connect({ port, host: '127.0.0.1', localAddress: '127.0.0.2' });
        sockets.push(socket);
        socket.on('error', () => undefined).on('close', () => (closed += 1));
        await once(socket, 'connect');
      }),
    );
    assert.equal(await send(app, '/mutate', review), 200);
    assert.ok(closed >= 600 - 448, String(closed));
    for (const socket of sockets) socket.destroy();
  });

  it('closes a connection that sends no request in time', () => {
    const { headersTimeout, requestTimeout, timeout } = createWebhookServer(own, {
      logger: {},
    } as unknown as WebhookContext).server;
    assert.deepEqual(
      { headersTimeout, requestTimeout, timeout },
      { headersTimeout: 5_000, requestTimeout: 10_000, timeout: 60_000 },
    );
  });
});
