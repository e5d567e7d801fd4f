import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
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
  let fault: string | undefined;
  const servers: ReturnType<typeof createWebhookServer>[] = [];

  before(async () => {
    [own, ca, otherCa] = await Promise.all([createAuthority('own', 1), createAuthority('api', 1), createAuthority('other', 1)]);
  });
  after(() => Promise.all(servers.map((app) => app.close())));

  async function start(clientCa: string | undefined) {
    const pair = await issueServerCertificate(own, ['server.test'], 1);
    const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
    const context = { logger, fault: () => fault, clientCa } as unknown as WebhookContext;
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

  it('answers everyone where it has no authority of clients', async () => {
    const app = await start(undefined);
    assert.equal(await send(app, '/mutate', review), 200);
    assert.equal(await send(app, '/validate', review), 200);
  });

  it('answers only a client of the authority that it has, and the probes of the kubelet', async () => {
    assert.ok(ca && otherCa);
    const app = await start(ca.cert);
    const [client, stranger] = [clientCertificate(ca), clientCertificate(otherCa)];
    const judge = async () => {
      for (const path of ['/mutate', '/validate']) {
        assert.equal(await send(app, path, review), 403);
        assert.equal(await send(app, path, review, stranger), 403);
        assert.equal(await send(app, path, review, client), 200);
      }
      assert.equal(await send(app, '/healthz'), 200);
    };
    await judge();
    app.server.setSecureContext(tlsOf(await issueServerCertificate(own, ['server.test'], 1), ca.cert));
    await judge();
  });

  it('is not ready, but alive, while an object is missing that the installation makes', async () => {
    const app = await start(undefined);
    assert.equal(await send(app, '/readyz'), 200);
    fault = "Secret 'x' does not exist";
    assert.deepEqual([await send(app, '/readyz'), await send(app, '/healthz')], [503, 200]);
    fault = undefined;
  });
});
