import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClient } from './client/client.ts';
import { configmaps } from './client/resources.ts';
import { Controller } from './controller/controller.ts';
import { LeadershipLostError } from './errors.ts';
import { LeaderElector } from './manager/leader-elector.ts';
import { Manager } from './manager/manager.ts';
import { type Answer, configMap, json, scriptedServer, until } from './testing.ts';

const FAST = { leaseDurationMs: 600, renewDeadlineMs: 400, retryPeriodMs: 20 };

/** An API server with a Lease that can be taken away, and a ConfigMap whose reads are answered when the test says so. */
async function world() {
  let lease: { spec?: { holderIdentity?: string }; metadata: object } | undefined;
  let [isTaken, version] = [false, 0];
  const reads: (() => void)[] = [];
  const cut: string[] = [];
  const handle: Answer = (request, response) => {
    const answer = (status: number, body: unknown) => json(status, body)(request, response);
    const isLease = request.url?.includes('/leases');
    if (isLease && request.method === 'GET') return answer(lease ? 200 : 404, lease ?? { kind: 'Status', code: 404 });
    let text = '';
    request.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    request.on('end', () => {
      if (isLease && isTaken) return answer(500, { kind: 'Status', code: 500 });
      if (isLease) {
        version += 1;
        lease = { ...JSON.parse(text), metadata: { name: 'lease', namespace: 'ns', resourceVersion: String(version) } };
        return answer(200, lease);
      }
      if (request.method === 'GET') reads.push(() => answer(200, configMap('a', '1')));
      else answer(200, configMap('a', '2'));
      response.on('close', () => {
        if (!response.writableFinished) cut.push(request.method ?? '');
      });
    });
  };
  const server = await scriptedServer({ list: [handle], other: [handle] });
  const elector = new LeaderElector({ client: server.client, namespace: 'ns', name: 'lease', identity: 'me', ...FAST });
  const leader = createClient(server.client.transport, {
    readRetries: 0,
    beforeWrite: () => {
      if (!elector.isLeader()) throw new LeadershipLostError();
    },
  });
  return { server, elector, leader, reads, cut, take: () => (isTaken = true) };
}

const writes = (requests: readonly string[]) => requests.filter((one) => one.includes('/configmaps') && !one.startsWith('GET'));

test('a lost lease breaks off what a reconcile has under way, at the socket, and nothing is written any more', async () => {
  const { server, elector, leader, reads, cut, take } = await world();
  const seen: unknown[] = [];
  const controller = new Controller({
    name: 'lost-lease',
    reconcile: async (key, signal) => {
      const client = leader.until(signal);
      try {
        await client.getOrThrow(configmaps, { name: key, namespace: 'ns' });
      } catch (error) {
        seen.push(error);
      }
      // Whatever a reconcile makes of it.
      await client.replace(configmaps, configMap(key, '1')).catch((error: unknown) => seen.push(error));
    },
  });
  controller.enqueue('a');
  const running = new Manager({ elector }).addController(controller).start(new AbortController().signal);
  await until(() => reads.length === 1, 'the read');
  take();
  await assert.rejects(running, LeadershipLostError);
  await until(() => cut.length === 1, 'the end of the connection');
  assert.deepEqual(cut, ['GET']);
  assert.ok(seen.length === 2 && seen.every((error) => error instanceof LeadershipLostError), String(seen));
  assert.deepEqual(writes(server.requests), []);
  await server.close();
});

test('a write of a process that was paused for longer than its lease is not sent, before any timer has run', async () => {
  const { server, elector, leader, reads, take } = await world();
  const stop = new AbortController();
  let thrown: unknown;
  const started = async () => {
    const reading = leader.getOrThrow(configmaps, { name: 'a', namespace: 'ns' });
    await until(() => reads.length === 1, 'the read');
    take();
    const [end, now] = [performance.now() + 500, () => performance.now()];
    // The process stands still: no timer runs, and no request is answered.
    while (now() < end);
    reads[0]?.();
    await reading;
    thrown = await leader.replace(configmaps, configMap('a', '1')).catch((error: unknown) => error);
  };
  await assert.rejects(elector.run({ started }, stop.signal), LeadershipLostError);
  assert.ok(thrown instanceof LeadershipLostError);
  assert.deepEqual(writes(server.requests), []);
  await server.close();
});
