import assert from 'node:assert/strict';
import { Agent, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { silentLogger, startTracing } from '@sentinel/kube';
import { createAuthority, issueServerCertificate, type KeyPair } from '@sentinel/kube/certificates';
import { startReceiver } from '@sentinel/kube/testing';
import { DrainState } from '../drain/state.ts';
import { FORWARDED } from './forward.ts';
import { createGatewayServer, type ServerContext } from './server.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const traceparent = `00-${TRACE}-b7ad6b7169203331-01`;
const SECRET = '/api/v1/namespaces/shop/secrets/db-password?fieldManager=hunter2';

describe('The traces of the gateway', () => {
  let authority: KeyPair;
  const servers: ReturnType<typeof createGatewayServer>[] = [];
  before(async () => {
    authority = await createAuthority('gateway', 1);
  });
  after(() => {
    for (const server of servers) server.close().closeAllConnections();
  });

  /** The only span of a request. */
  async function spanOf(kind: 'operator' | 'sandbox', path: string, headers: Record<string, string>) {
    const receiver = await startReceiver();
    const stop = await startTracing(
      { service: 'gateway', endpoint: receiver.endpoint, samplingRatio: 1, stopMs: 60_000 },
      silentLogger,
    );
    const context = {
      drain: new DrainState(),
      logger: silentLogger,
      // A sandbox is refused before anything is asked of others.
      isFresh: () => false,
      authenticator: { authenticate: async () => ({ kind, pod: { name: 'p', uid: 'p' } }) },
      runs: { of: async () => ({ stage: 'run', jobUid: 'job', namespace: 'shop' }) },
      lock: { fault: async () => undefined },
    } as unknown as ServerContext;
    const server = createGatewayServer(await issueServerCertificate(authority, ['gateway.test'], 1), context);
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const agent = new Agent({ ca: authority.cert, servername: 'gateway.test' });
    await new Promise((resolve, reject) =>
      request({ host: '127.0.0.1', port, path, agent, headers }, (answer) => answer.resume().on('end', resolve))
        .on('error', reject)
        .end(),
    );
    agent.destroy();
    await stop();
    receiver.close();
    const [span, ...more] = receiver.spans;
    assert.ok(span);
    assert.deepEqual(more, []);
    return span;
  }

  it('go on with that of the operator', async () => {
    const span = await spanOf('operator', '/sentinel/v1/lock', { traceparent });
    assert.deepEqual([span.name, span.traceId], ['operator GET /sentinel', TRACE]);
    assert.equal(span.attributes['http.response.status_code'], '200');
  });

  it('start a new trace for a sandbox, whatever it says, and name no object and no query', async () => {
    const span = await spanOf('sandbox', SECRET, { traceparent });
    assert.equal(span.name, 'run GET /api/v1/namespaces/{namespace}/secrets/{name}');
    assert.notEqual(span.traceId, TRACE);
    assert.equal(span.parentSpanId ?? '', '');
    assert.equal(span.attributes['error.type'], 'Refused');
    assert.deepEqual([span.attributes['k8s.namespace.name'], span.attributes['k8s.job.uid']], ['shop', 'job']);
    assert.doesNotMatch(JSON.stringify(span), /db-password|hunter2/);
  });

  it('go on with that of a replica that passed the request on', async () => {
    assert.equal((await spanOf('sandbox', SECRET, { traceparent, [FORWARDED]: 'yes' })).traceId, TRACE);
  });
});
