import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { until } from '../testing.ts';
import { heldBy, LEASE_MS, NEXT_TRY_MS, world } from './election.fixture.ts';
import { LeaderElector } from './leader-elector.ts';

describe('A candidate', () => {
  it('creates the Lease, leads at once, and gives it back when all its work has stopped', async () => {
    const { candidate, state } = await world();
    const a = candidate('a');
    await until(a.leads);
    assert.deepEqual([a.elector.isLeader(), a.elector.holder, a.elector.epoch], [true, 'a', 1]);
    assert.deepEqual(
      [state.lease?.spec?.holderIdentity, state.lease?.spec?.leaseDurationSeconds, state.lease?.spec?.leaseTransitions],
      ['a', 15, 1],
    );
    a.stop.abort(new Error('shutting down'));
    assert.equal(a.seen.signal?.reason.message, 'shutting down');
    await new Promise((resolve) => setTimeout(resolve, 20));
    // Its work may still write.
    assert.equal(state.lease?.spec?.holderIdentity, 'a');
    a.ended.resolve();
    await a.running;
    assert.deepEqual([state.lease?.spec?.holderIdentity, a.elector.isLeader(), a.seen.lost], [undefined, false, 0]);
  });

  it('renews while its work stops, and keeps the times of when it began', async () => {
    const { candidate, state, next } = await world();
    const a = candidate('a');
    await until(a.leads);
    const { acquireTime, renewTime } = state.lease?.spec ?? {};
    a.stop.abort();
    await next('PUT');
    const { spec } = state.lease ?? {};
    assert.deepEqual([spec?.acquireTime, spec?.leaseTransitions, a.elector.isLeader()], [acquireTime, 1, true]);
    assert.notEqual(spec?.renewTime, renewTime);
    a.ended.resolve();
    await a.running;
  });

  it('is the only one of two that ask at the same time, for a Lease that does not exist and for one that was released', async () => {
    for (const stored of [undefined, { leaseTransitions: 7 }]) {
      const { candidate } = await world(stored);
      const [a, b] = [candidate('a'), candidate('b')];
      await until(() => a.leads() || b.leads());
      await new Promise((resolve) => setTimeout(resolve, 20));
      const [leader, other] = a.leads() ? [a, b] : [b, a];
      assert.equal(other.leads(), false);
      other.stop.abort();
      await other.running;
      leader.stop.abort();
      leader.ended.resolve();
      await leader.running;
    }
  });

  for (const [whose, renewTime] of [
    ['behind', '1970-01-01T00:00:00.000000Z'],
    ['ahead', '2999-01-01T00:00:00.000000Z'],
  ] as const)
    it(`waits a whole lease by its own clock, also where the clock of the holder is far ${whose}`, async () => {
      const { candidate, next, clock, state, asked } = await world(heldBy('gone', { renewTime }));
      const b = candidate('b');
      await until(() => asked('GET') === 1 && clock.pending === 1);
      for (let tries = 0; tries < 6; tries += 1) await next('GET');
      assert.deepEqual([b.leads(), b.elector.holder, b.elector.epoch], [false, 'gone', 4]);
      clock.advance(LEASE_MS - 6 * NEXT_TRY_MS);
      await next('PUT');
      await until(b.leads);
      assert.deepEqual([state.lease?.spec?.holderIdentity, b.elector.epoch], ['b', 5]);
      b.stop.abort();
      b.ended.resolve();
      await b.running;
    });

  it('does not take a Lease that its holder renews', async () => {
    const { candidate, next, clock, store, asked } = await world(heldBy('a'));
    const b = candidate('b');
    await until(() => asked('GET') === 1 && clock.pending === 1);
    for (let tries = 0; tries < 20; tries += 1) {
      store(heldBy('a'));
      await next('GET');
    }
    assert.deepEqual([b.leads(), asked('PUT')], [false, 0]);
    b.stop.abort();
    await b.running;
  });

  it('asks on while the API server gives no answer, and stops asking when it is told to', async () => {
    const { candidate, next, clock, state, asked } = await world();
    state.fault = () => 403;
    const a = candidate('a');
    await until(() => clock.pending === 1, 'the end of the first try');
    state.fault = undefined;
    await next('POST');
    await until(a.leads);
    a.stop.abort();
    a.ended.resolve();
    await a.running;
    const before = asked('GET');
    const b = (await world(heldBy('a'))).candidate('b');
    b.stop.abort();
    await b.running;
    assert.deepEqual([b.leads(), asked('GET')], [false, before]);
  });

  it('needs a lease that is longer than the deadline, and a deadline that is longer than a try', async () => {
    const { server } = await world();
    const options = { client: server.client, namespace: 'ns', name: 'lease', identity: 'a' };
    for (const [leaseDurationMs, renewDeadlineMs, retryPeriodMs] of [
      [10, 10, 1],
      [10, 5, 5],
      [5, 10, 1],
    ] as const)
      assert.throws(() => new LeaderElector({ ...options, leaseDurationMs, renewDeadlineMs, retryPeriodMs }), RangeError);
  });
});
