import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, describe, it } from 'node:test';
import { Counter, Registry } from 'prom-client';
import { HealthServer, type HealthServerOptions } from './health-server.ts';

const stops: { stop: AbortController; running: Promise<void> }[] = [];
after(async () => {
  for (const { stop, running } of stops) {
    stop.abort();
    await running;
  }
});

async function start(options: Omit<HealthServerOptions, 'port' | 'host'> = {}) {
  const server = new HealthServer({ port: 0, host: '127.0.0.1', ...options });
  const stop = new AbortController();
  const running = server.start(stop.signal);
  stops.push({ stop, running });
  const port = await server.ready;
  const ask = async (path: string) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`);
    return [answer.status, (await answer.text()).trim()];
  };
  return { port, stop, running, ask };
}

const secret = () => {
  throw new Error('secret detail');
};

describe('The health server', () => {
  it('is good without checks, and where all of them are', async () => {
    const { ask } = await start({ ready: { a: () => true, b: async () => true } });
    assert.deepEqual(
      [await ask('/healthz'), await ask('/readyz'), await ask('/readyz?verbose')],
      [
        [200, 'ok'],
        [200, 'ok'],
        [200, 'ok'],
      ],
    );
  });

  it('names the checks that failed, and tells nothing of their errors', async () => {
    const checks = { good: () => true, no: () => false, throws: secret, rejects: async () => secret() };
    const { ask } = await start({ live: { stuck: () => false }, ready: checks });
    assert.deepEqual(
      [await ask('/readyz'), await ask('/healthz')],
      [
        [503, 'failed: no, throws, rejects'],
        [503, 'failed: stuck'],
      ],
    );
  });

  it('asks again each time', async () => {
    let isGood = false;
    const { ask } = await start({ ready: { a: () => isGood } });
    assert.deepEqual(await ask('/readyz'), [503, 'failed: a']);
    isGood = true;
    assert.deepEqual(await ask('/readyz'), [200, 'ok']);
  });

  it('serves metrics and nothing else', async () => {
    const metrics = new Registry();
    new Counter({ name: 'things_total', help: 'Things.', registers: [metrics] }).inc(3);
    const { ask } = await start({ metrics });
    assert.match(String((await ask('/metrics'))[1]), /^things_total 3$/m);
    for (const path of ['/', '/healthz/', '/debug/pprof', '/metrics/x']) assert.deepEqual(await ask(path), [404, '']);
  });

  it('ends with its signal, also with a connection that says nothing', async () => {
    const { port, stop, running } = await start();
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    await once(socket, 'connect');
    stop.abort();
    await running;
    if (!socket.destroyed) await once(socket, 'close');
    await assert.rejects(fetch(`http://127.0.0.1:${port}/healthz`));
  });

  it('does not listen when it was told to end before it began', async () => {
    const server = new HealthServer({ port: 0, host: '127.0.0.1' });
    await server.start(AbortSignal.abort());
    const silence = new Promise<'silence'>((resolve) => setTimeout(() => resolve('silence'), 20));
    assert.equal(await Promise.race([server.ready, silence]), 'silence');
  });

  it('rejects where the port is taken', async () => {
    const { port } = await start();
    await assert.rejects(new HealthServer({ port, host: '127.0.0.1' }).start(new AbortController().signal), /EADDRINUSE/);
  });
});
