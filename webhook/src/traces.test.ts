import assert from 'node:assert/strict';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { it } from 'node:test';
import { silentLogger, startTracing } from '@sentinel/kube';
import { createAuthority, issueServerCertificate } from '@sentinel/kube/certificates';
import { startReceiver } from '@sentinel/kube/testing';
import { createWebhookServer, type WebhookContext } from './server.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';

/** An AdmissionReview of a resource. */
const review = (group: string, resource: string) =>
  JSON.stringify({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: '1',
      resource: { group, resource },
      operation: 'CREATE',
      namespace: 'shop',
      name: 'a-name',
      userInfo: { username: 'rita' },
      object: { metadata: { name: 'a-name' }, spec: { password: 'hunter2' } },
    },
  });

it('A review is traced as a part of what the API server does, with its outcome and without what it holds', async () => {
  const receiver = await startReceiver();
  const stop = await startTracing(
    { service: 'webhook', endpoint: receiver.endpoint, samplingRatio: 1, stopMs: 60_000 },
    silentLogger,
  );
  const authority = await createAuthority('own', 1);
  const context = { logger: silentLogger, policies: { agents: () => Promise.reject(new TypeError('hunter2')) } };
  const app = createWebhookServer(
    await issueServerCertificate(authority, ['server.test'], 1),
    context as unknown as WebhookContext,
  );
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const headers = { 'content-type': 'application/json', traceparent: `00-${TRACE}-b7ad6b7169203331-01` };
  const send = (path: string, body: string) =>
    new Promise((resolve, reject) =>
      request(
        {
          host: '127.0.0.1',
          port,
          path,
          method: 'POST',
          ca: authority.cert,
          servername: 'server.test',
          agent: false,
          headers: { ...headers, 'content-length': Buffer.byteLength(body) },
        },
        (answer) => answer.resume().on('end', resolve),
      )
        .on('error', reject)
        .end(body),
    );
  await send('/mutate', review('example.com', 'whatever-a-stranger-says'));
  await send('/validate', review('sentinel.dev', 'agentpolicies'));
  await app.close();
  await stop();
  receiver.close();
  const [other, policy] = receiver.spans;
  assert.deepEqual([other?.name, other?.traceId], ['review CREATE other', TRACE]);
  assert.equal(other?.attributes['k8s.admission.outcome'], 'Admitted');
  assert.deepEqual(
    [policy?.name, policy?.attributes['k8s.admission.outcome'], policy?.attributes['error.type']],
    ['review CREATE agentpolicies', 'Failed', 'TypeError'],
  );
  assert.doesNotMatch(JSON.stringify(receiver.spans), /hunter2|a-name|stranger|rita/);
});
