import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { createInformer } from '../cache/informer.ts';
import { configmaps } from '../client/resources.ts';
import { HealthServer } from '../server/health-server.ts';
import { configMap, listOf, scriptedServer, until, watchOf } from '../testing.ts';
import { Manager } from './manager.ts';
import type { Runnable } from './runnable.ts';

function recorded(name: string, log: string[], stopMs = 5): Runnable {
  return {
    name,
    async start(signal) {
      log.push(`${name} started`);
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      await new Promise((resolve) => setTimeout(resolve, stopMs));
      log.push(`${name} stopped`);
    },
  };
}

test('parts start in order, on synced caches, and stop in the reverse order', async () => {
  const log: string[] = [];
  const server = await scriptedServer({ list: [listOf('1', configMap('a', '1'))], watch: [watchOf([])] });
  const informer = createInformer({ client: server.client, resource: configmaps });
  informer.onChange(() => log.push('cache filled'));
  const manager = new Manager().addServer(recorded('server', log)).addInformer(informer);
  manager.addRunnable(recorded('runnable', log)).addController(recorded('controller', log));
  const stop = new AbortController();
  const running = manager.start(stop.signal);
  await until(() => log.includes('controller started'));
  assert.deepEqual(log, ['server started', 'cache filled', 'runnable started', 'controller started']);
  await until(() => manager.ready());
  stop.abort();
  await running;
  assert.equal(manager.ready(), false);
  assert.deepEqual(log.slice(4), ['runnable stopped', 'controller stopped', 'server stopped']);
  await server.close();
});

test('the failure of one part stops all, and start rejects with it', async () => {
  const log: string[] = [];
  const broken = { name: 'broken', start: () => Promise.reject(new Error('no')) };
  const manager = new Manager().addServer(recorded('server', log)).addController(broken);
  await assert.rejects(manager.start(new AbortController().signal), /broken failed: no/);
  assert.deepEqual(log, ['server started', 'server stopped']);
});

test('a cache that does not sync in time is an error of the start, and no controller was started', async () => {
  const log: string[] = [];
  const server = await scriptedServer({});
  const informer = createInformer({ client: server.client, resource: configmaps });
  const manager = new Manager({ cacheSyncTimeoutMs: 30 }).addInformer(informer).addController(recorded('controller', log));
  await assert.rejects(manager.start(new AbortController().signal), /did not sync within 30 ms: configmaps/);
  assert.deepEqual(log, []);
  await server.close();
});

test('what does not stop in time is named', async () => {
  const stop = new AbortController();
  const log: string[] = [];
  const manager = new Manager({ gracefulShutdownMs: 10 }).addController(recorded('slow', log, 200));
  const running = manager.start(stop.signal);
  await until(() => log.length === 1);
  stop.abort();
  await assert.rejects(running, /Did not stop in time: slow/);
});

test('a stop before the caches have synced ends the start without an error', async () => {
  const server = await scriptedServer({});
  const informer = createInformer({ client: server.client, resource: configmaps });
  const stop = new AbortController();
  const running = new Manager().addInformer(informer).start(stop.signal);
  await until(() => server.requests.length > 0);
  stop.abort();
  await running;
  await server.close();
});

test('the health server names failed checks and serves metrics', async () => {
  const fails = () => {
    throw new Error('secret');
  };
  const health = new HealthServer({ port: 0, host: '127.0.0.1', live: { loop: () => true }, ready: { caches: fails } });
  const stop = new AbortController();
  const running = health.start(stop.signal);
  const url = `http://127.0.0.1:${await health.ready}`;
  assert.equal((await fetch(`${url}/healthz`)).status, 200);
  const ready = await fetch(`${url}/readyz`);
  assert.equal(ready.status, 503);
  assert.equal(await ready.text(), 'failed: caches\n');
  assert.match(await (await fetch(`${url}/metrics`)).text(), /rest_client_requests_total/);
  stop.abort();
  await running;
});

test('the health server answers one address however many connections another one holds', async () => {
  const health = new HealthServer({ port: 0, host: '0.0.0.0' });
  const stop = new AbortController();
  const running = health.start(stop.signal);
  const port = await health.ready;
  const sockets = Array.from({ length: 40 }, () => connect({ port, host: '127.0.0.1', localAddress: '127.0.0.2' }));
  let closed = 0;
  for (const socket of sockets) socket.on('error', () => undefined).on('close', () => (closed += 1));
  await until(() => closed === 24, 'the connections beyond the share');
  assert.equal((await fetch(`http://127.0.0.1:${port}/readyz`)).status, 200);
  for (const socket of sockets) socket.destroy();
  stop.abort();
  await running;
});
