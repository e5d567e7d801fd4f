import assert from 'node:assert/strict';
import { Agent, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { silentLogger } from '@sentinel/kube';
import { createAuthority, issueServerCertificate, type KeyPair } from '@sentinel/kube/certificates';
import { createWebhookServer, type WebhookContext } from './server.ts';

// All tenants of a cluster have one address: that of the API server. One that sends many and large objects through it must not keep the
// reviews of others out.

const KiB = 1024;

/** A review of a policy as the API server writes it, with an annotation of some length. */
const review = (namespace: string, length: number, name = 'x') =>
  JSON.stringify({
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    request: {
      uid: 'u',
      resource: { group: 'sentinel.dev', version: 'v1alpha1', resource: 'agentpolicies' },
      name,
      namespace,
      operation: 'CREATE',
      userInfo: { username: 'ada' },
      object: { metadata: { name, annotations: { pad: 'x'.repeat(length) } }, spec: {} },
      dryRun: true,
    },
  });

describe('A tenant that sends many reviews through the API server', { timeout: 300_000 }, () => {
  let own: KeyPair;
  let app: ReturnType<typeof createWebhookServer>;
  const agent = new Agent({ keepAlive: false });
  const released = Promise.withResolvers<void>();

  before(async () => {
    own = await createAuthority('own', 1);
    // What is asked about the policies of other namespaces is answered at once, and about these ones not before the end.
    const agents = async (namespace: string) => {
      if (!namespace.startsWith('hog')) return [];
      await released.promise;
      return [];
    };
    app = createWebhookServer(await issueServerCertificate(own, ['server.test'], 1), {
      policies: { agents },
      definitions: { require: () => undefined, release: () => undefined },
      acts: { write: async () => undefined },
      logger: silentLogger,
    } as unknown as WebhookContext);
    await app.listen({ host: '127.0.0.1', port: 0 });
  });
  after(async () => {
    agent.destroy();
    await app.close();
  });

  /** Sends a review. `isSent` resolves when all of it was written: one handshake after the other is fast enough on a busy machine. */
  const begin = (body: string) => {
    const { port } = app.server.address() as AddressInfo;
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const target = { host: '127.0.0.1', port, path: '/validate', method: 'POST', ca: own.cert, servername: 'server.test' };
    const sent = Promise.withResolvers<void>();
    const answer = new Promise<{ status: number; answer: string }>((resolve, reject) => {
      const asked = request({ ...target, headers, agent }, (response) => {
        if (response.statusCode === 429) assert.equal(response.headers['retry-after'], '1');
        text(response).then((all) => resolve({ status: response.statusCode ?? 0, answer: all }), reject);
      });
      // Who is refused early may not have written all.
      asked.once('error', reject).once('finish', sent.resolve).once('close', sent.resolve).end(body);
    });
    return { isSent: sent.promise, answer };
  };
  const send = (body: string) => begin(body).answer;

  const underWay: Promise<number>[] = [];
  let refused = 0;
  /** Sends reviews until some are refused, and leaves the others under way. */
  const crowd = async (namespace: string, length: number) => {
    for (const before = refused; refused < before + 3; await sleep(5)) {
      const { isSent, answer } = begin(review(namespace, length));
      const status = answer.then((got) => {
        if (got.status === 429) refused += 1;
        if (got.status === 429)
          assert.match(got.answer, new RegExp(`too many requests of namespace '${namespace}' are under way`));
        return got.status;
      });
      // A failure is reported at the end, where all of them are awaited.
      status.catch(() => undefined);
      underWay.push(status);
      await isSent;
    }
  };
  const judged = async (name: string, length: number) => {
    const { status, answer } = await send(review('calm', length, name));
    return status === 200 && answer.includes('"allowed":true');
  };

  it('with small objects keeps no review of another one out', async () => {
    await crowd('hog', 60 * KiB);
    for (let at = 0; at < 20; at++) assert.equal(await judged(`small-${at}`, 10 * KiB), true, `small-${at}`);
    const many = await Promise.all(Array.from({ length: 20 }, (_, at) => judged(`many-${at}`, 10 * KiB)));
    assert.ok(many.every(Boolean));
  });

  it('with large objects as well keeps neither small nor large ones out', async () => {
    await crowd('hog', 250 * KiB);
    for (let at = 0; at < 10; at++) {
      assert.equal(await judged(`small-${at}`, 10 * KiB), true, `small-${at}`);
      assert.equal(await judged(`large-${at}`, 200 * KiB), true, `large-${at}`);
    }
  });

  it('is judged when its turn comes: what was not refused gets its answer', async () => {
    released.resolve();
    const statuses = await Promise.all(underWay);
    assert.deepEqual(new Set(statuses), new Set([200, 429]));
    assert.equal(await judged('after', 200 * KiB), true);
    const { status } = await send(review('hog', 250 * KiB));
    assert.equal(status, 200);
  });
});
