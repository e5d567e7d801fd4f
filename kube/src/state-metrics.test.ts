import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { ServingCertificate } from './certificates/serving.ts';
import { createClient } from './client/client.ts';
import { pods } from './client/resources.ts';
import { createInformer } from './index.ts';
import { registry } from './metrics.ts';
import { HealthServer } from './server/health-server.ts';
import { observeInformer, observeLeadership } from './state-metrics.ts';
import { createTransport, type Transport } from './transport/transport.ts';

/** The value of a series as it is served; undefined when it is not. */
async function seriesValue(series: string): Promise<number | undefined> {
  const line = (await registry.metrics()).split('\n').find((one) => one.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

describe('What is read when metrics are', () => {
  it('is shown from its registration to its end', async () => {
    let leads = false;
    const stop = observeLeadership({ name: 'some-lease' }, () => (leads ? 1 : 0));
    assert.equal(await seriesValue('leader_election_master_status{name="some-lease"}'), 0);
    leads = true;
    assert.equal(await seriesValue('leader_election_master_status{name="some-lease"}'), 1);
    stop();
    assert.equal(await seriesValue('leader_election_master_status{name="some-lease"}'), undefined);
  });

  it('is the worst of several caches of one resource', async () => {
    const stops = [1, 0, 1].map((value) => observeInformer({ resource: 'widgets' }, () => value));
    assert.equal(await seriesValue('informer_healthy{resource="widgets"}'), 0);
    for (const stop of stops) stop();
  });

  it('says which check of a health server fails, and nothing after its end', async () => {
    const server = new HealthServer({
      port: 0,
      host: '127.0.0.1',
      live: { loop: () => true },
      ready: { manager: () => true, gateway: () => Promise.reject(new Error('no')) },
    });
    const stop = new AbortController();
    const running = server.start(stop.signal);
    await server.ready;
    assert.equal(await seriesValue('kubernetes_healthcheck{name="manager",type="readyz"}'), 1);
    assert.equal(await seriesValue('kubernetes_healthcheck{name="gateway",type="readyz"}'), 0);
    assert.equal(await seriesValue('kubernetes_healthcheck{name="loop",type="healthz"}'), 1);
    stop.abort();
    await running;
    assert.equal(await seriesValue('kubernetes_healthcheck{name="manager",type="readyz"}'), undefined);
  });
});

describe('Requests to an API server', () => {
  let server: Server;
  let transport: Transport;
  let host: string;
  const counted = (code: string, method: string) =>
    seriesValue(`rest_client_requests_total{code="${code}",method="${method}",host="${host}"}`);

  before(async () => {
    server = createServer((request, response) => {
      if (request.url === '/cut') request.socket.destroy();
      else if (request.url !== '/silent') response.writeHead(request.url?.startsWith('/api') ? 403 : 200).end('{}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    host = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const config = { server: host, namespace: 'default', currentContext: '', auth: async () => ({}) };
    transport = createTransport(config, { userAgent: 'test' });
  });

  after(async () => {
    await transport.close();
    server.closeAllConnections();
    server.close();
  });

  it('are counted by method and status, and timed', async () => {
    await transport.request({ method: 'GET', path: '/' });
    assert.equal(await counted('200', 'GET'), 1);
    assert.equal(await seriesValue(`rest_client_request_duration_seconds_count{verb="GET",host="${host}"}`), 1);
  });

  it('are counted where no answer came, unless the caller gave up', async () => {
    await assert.rejects(transport.request({ method: 'POST', path: '/cut' }));
    assert.equal(await counted('<error>', 'POST'), 1);
    await assert.rejects(transport.request({ method: 'PUT', path: '/silent', timeoutMs: 20 }));
    assert.equal(await counted('<error>', 'PUT'), 1);
    const gaveUp = AbortSignal.timeout(20);
    await assert.rejects(transport.request({ method: 'DELETE', path: '/silent', signal: gaveUp }));
    assert.equal(await counted('<error>', 'DELETE'), undefined);
  });

  it('show a cache that cannot be filled as not healthy, until it is stopped', async () => {
    const informer = createInformer({ client: createClient(transport), resource: pods });
    const stop = new AbortController();
    const running = informer.start(stop.signal);
    assert.equal(await seriesValue('informer_healthy{resource="pods"}'), 0);
    stop.abort();
    await running;
    assert.equal(await seriesValue('informer_healthy{resource="pods"}'), undefined);
  });
});

it('The ends of a certificate and of its authority are shown', async () => {
  const held = { metadata: { name: 'some-ca', namespace: 'default', resourceVersion: '1' }, data: {} };
  const client = { get: async () => held, replace: async (_kind: unknown, next: object) => Object.assign(held, next) };
  const certificate = new ServingCertificate({
    client: client as never,
    secret: { namespace: 'default', name: 'some-ca' },
    dnsNames: ['some.test'],
    publish: async () => undefined,
  });
  await certificate.first();
  const days = async (part: string) => {
    const end = await seriesValue(`certificate_expiration_timestamp_seconds{secret="some-ca",part="${part}"}`);
    return Math.round(((end ?? 0) - Date.now() / 1000) / 86_400);
  };
  assert.deepEqual([await days('serving'), await days('authority')], [7, 365]);
});
