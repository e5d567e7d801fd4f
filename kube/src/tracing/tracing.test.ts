import assert from 'node:assert/strict';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { registerHooks } from 'node:module';
import type { AddressInfo } from 'node:net';
import { after, afterEach, before, describe, it } from 'node:test';
import { Controller } from '../controller/controller.ts';
import { type Logger, silentLogger } from '../logger.ts';
import { createTransport, type Transport } from '../transport/transport.ts';
import { type Behaviour, startReceiver } from './receiver.fixture.ts';
import { readTracing } from './settings.ts';
import { continueTrace, inSpan, isTraced, traceHeaders } from './spans.ts';
import { startTracing } from './start.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = `00-${TRACE}-b7ad6b7169203331-01`;
/** The end takes two seconds at most; by timers of the same process, so that a slow machine changes nothing. */
const LATE_MS = 4_500;
const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** Tracing to a receiver. The answer stops it and gives what arrived. */
async function traced(samplingRatio = 1, behaviour: Behaviour = 'takes', logger: Logger = silentLogger) {
  const receiver = await startReceiver(behaviour);
  // What is sent to one that answers arrives, however slow the machine is.
  const patience = behaviour === 'hangs' ? {} : { stopMs: 60_000 };
  const stop = await startTracing({ service: 'test', endpoint: receiver.endpoint, samplingRatio, ...patience }, logger);
  stops.push(receiver.close, stop);
  const finish = async () => {
    await stop();
    return receiver.spans;
  };
  return { receiver, finish };
}

describe('Tracing', () => {
  let server: Server;
  let transport: Transport;
  const asked: IncomingHttpHeaders[] = [];

  before(async () => {
    server = createServer((request, response) => {
      asked.push(request.headers);
      response.writeHead(request.url?.includes('missing') ? 404 : 200).end('{"data":{"password":"hunter2"}}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const host = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const config = { server: host, namespace: '', currentContext: '', auth: async () => ({ authorization: 'Bearer t0ken' }) };
    transport = createTransport(config, { userAgent: 'test' });
  });
  after(async () => {
    await transport.close();
    server.closeAllConnections();
    server.close();
  });

  it('loads nothing while it is off', async () => {
    const loaded: string[] = [];
    const hooks = registerHooks({
      load: (url, context, next) => {
        loaded.push(url);
        return next(url, context);
      },
    });
    const stop = await startTracing({ service: 'test', endpoint: undefined, samplingRatio: 1 }, silentLogger);
    await (await startTracing({ service: 'test', endpoint: 'http://127.0.0.1:1', samplingRatio: 0 }, silentLogger))();
    hooks.deregister();
    assert.deepEqual(loaded, []);
    assert.equal(await inSpan('internal', 'work', {}, async () => (isTraced() ? 'traced' : 'done')), 'done');
    assert.deepEqual(traceHeaders(), {});
    await stop();
  });

  it('shows a reconcile with what it asked the API server, and tells the API server of it', async () => {
    const { finish } = await traced();
    asked.length = 0;
    await transport.request({ method: 'GET', path: '/api/v1/pods' });
    const controller = new Controller({
      name: 'widget',
      reconcile: async () => {
        const body = '{"stringData":{"key":"hunter2"}}';
        const path = '/api/v1/namespaces/shop/secrets/db-password';
        await transport.request({ method: 'PATCH', path, query: { fieldManager: 'me', token: 'hunter2' }, body });
        await transport.request({ method: 'GET', path: '/api/v1/namespaces/shop/configmaps/missing' });
      },
    });
    controller.enqueue('shop/a');
    const stop = new AbortController();
    const running = controller.start(stop.signal);
    while (asked.length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
    stop.abort();
    await running;
    const spans = await finish();
    const parent = spans.find(({ name }) => name === 'reconcile widget');
    assert.deepEqual(parent?.attributes, { 'reconcile.controller': 'widget', 'reconcile.key': 'shop/a' });
    assert.equal(spans.length, 3, 'what is asked outside of a reconcile is not traced');
    const [patch, get] = spans.filter((span) => span !== parent);
    assert.equal(patch?.name, 'PATCH /api/v1/namespaces/{namespace}/secrets/{name}');
    assert.deepEqual([patch.parentSpanId, patch.traceId], [parent?.spanId, parent?.traceId]);
    assert.equal(get?.attributes['http.response.status_code'], '404');
    assert.equal(asked[0]?.traceparent, undefined);
    assert.equal(asked[1]?.traceparent, `00-${patch.traceId}-${patch.spanId}-01`);
    assert.doesNotMatch(JSON.stringify(spans), /hunter2|db-password|t0ken|fieldManager/);
  });

  it('says of an error its class and not its message', async () => {
    const { finish } = await traced();
    const fails = inSpan('internal', 'work', {}, () => Promise.reject(new TypeError('the password is hunter2')));
    await assert.rejects(fails, /hunter2/);
    const [span] = await finish();
    assert.deepEqual([span?.attributes['error.type'], span?.status], ['TypeError', 2]);
    assert.doesNotMatch(JSON.stringify(span), /hunter2/);
  });

  it('goes on with the trace of a caller, by the ratio and not by what the caller wants', async () => {
    const { finish } = await traced();
    await continueTrace({ traceparent: PARENT }, () => inSpan('server', 'work', {}, async () => undefined));
    await continueTrace({ traceparent: 'nonsense' }, () => inSpan('server', 'alone', {}, async () => undefined));
    const [work, alone] = await finish();
    assert.deepEqual([work?.traceId, work?.parentSpanId], [TRACE, 'b7ad6b7169203331']);
    assert.notEqual(alone?.traceId, TRACE);
    const few = await traced(1e-9);
    await continueTrace({ traceparent: PARENT }, () => inSpan('server', 'work', {}, async () => undefined));
    assert.deepEqual(await few.finish(), []);
  });

  const much = async () => {
    for (let index = 0; index < 5_000; index += 1) await inSpan('internal', 'work', {}, async () => undefined);
  };

  it('drops what an endpoint refuses or there is no room for, and says so once in a while', async () => {
    const warned: string[] = [];
    const logger = { ...silentLogger, warn: (message: string) => void warned.push(message) } as Logger;
    const { receiver, finish } = await traced(1, 'refuses', logger);
    await much();
    await finish();
    assert.ok(warned.length > 0 && warned.length < receiver.requests(), `${warned.length} of ${receiver.requests()}`);
  });

  it('never waits for an endpoint that hangs', async () => {
    const { finish } = await traced(1, 'hangs');
    // That all of it is done while no answer came shows that nothing waits.
    await much();
    const late = new Promise((resolve) => setTimeout(resolve, LATE_MS, 'late').unref());
    assert.notEqual(await Promise.race([finish(), late]), 'late', 'the end was held up');
  });

  it('never fails if no server listens', async () => {
    const stop = await startTracing({ service: 'test', endpoint: 'http://127.0.0.1:1', samplingRatio: 1 }, silentLogger);
    assert.equal(await inSpan('internal', 'work', {}, async () => 'done'), 'done');
    await stop();
  });
});

describe('The settings of tracing', () => {
  it('are off without an endpoint, and keep a tenth', () => {
    assert.deepEqual(readTracing('x', { OTEL_EXPORTER_OTLP_ENDPOINT: '' }), {
      service: 'x',
      endpoint: undefined,
      samplingRatio: 0.1,
    });
  });

  it('are refused when they cannot be read', () => {
    assert.throws(() => readTracing('x', { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' }), /is not an address/);
    for (const ratio of ['2', '-1', 'x', 'NaN'])
      assert.throws(() => readTracing('x', { OTEL_TRACES_SAMPLER_ARG: ratio }), /must be a number from 0 to 1/);
  });
});
