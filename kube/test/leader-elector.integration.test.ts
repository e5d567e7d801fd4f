// Needs a real API server: run by the end-to-end suite with KUBECONFIG set; skipped without.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { createClient, createTransport, LeaderElector, LeadershipLostError, leases, loadConfig } from '../src/index.ts';
import { until } from '../src/testing.ts';

const skip = process.env.KUBECONFIG ? false : 'KUBECONFIG is not set';
const namespace = 'default';
const times = { leaseDurationMs: 2000, renewDeadlineMs: 1500, retryPeriodMs: 200 };

function candidate(name: string, identity: string) {
  const transport = createTransport(loadConfig(), { userAgent: 'leader-elector-test' });
  const client = createClient(transport);
  const elector = new LeaderElector({ client, namespace, name, identity, ...times });
  const stop = new AbortController();
  const work = { started: 0, reason: undefined as unknown };
  const running = elector.run(
    {
      async started(signal) {
        work.started++;
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
        work.reason = signal.reason;
      },
    },
    stop.signal,
  );
  return { client, transport, elector, stop, work, running };
}

test('of two electors one leads; when it stops, the lease is released and the other leads at once', { skip }, async () => {
  const name = `election-${randomUUID()}`;
  const a = candidate(name, 'a');
  await until(() => a.work.started === 1, 'the first leader');
  const b = candidate(name, 'b');
  await until(() => b.elector.holder === 'a', 'the second to see the first');
  assert.equal(b.work.started, 0);
  const firstEpoch = a.elector.epoch;
  a.stop.abort();
  await a.running;
  // The lease does not have to expire: the first one has given it back.
  const lease = await b.client.getOrThrow(leases, { namespace, name });
  assert.notEqual(lease.spec?.holderIdentity, a.elector.identity);
  await until(() => b.work.started === 1, 'the second leader');
  assert.equal(b.elector.epoch, firstEpoch + 1);
  b.stop.abort();
  await b.running;
  await b.client.delete(leases, { namespace, name });
  await Promise.all([a.transport.close(), b.transport.close()]);
});

test('a leader that is cut off loses by its own clock, before another can lead', { skip }, async () => {
  const name = `election-${randomUUID()}`;
  const a = candidate(name, 'a');
  await until(() => a.work.started === 1, 'the first leader');
  const b = candidate(name, 'b');
  await until(() => b.elector.holder === 'a', 'the second to see the first');
  await a.transport.close();
  await assert.rejects(a.running, LeadershipLostError);
  assert.ok(a.work.reason instanceof LeadershipLostError);
  assert.equal(b.work.started, 0);
  await until(() => b.work.started === 1, 'the second leader');
  b.stop.abort();
  await b.running;
  await b.client.delete(leases, { namespace, name });
  await b.transport.close();
});
