import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LeadershipLostError } from '../errors.ts';
import { until } from '../testing.ts';
import { DEADLINE_MS, heldBy, RETRY_MS, world } from './election.fixture.ts';

describe('A leader', () => {
  const leading = async () => {
    const all = await world();
    const a = all.candidate('a');
    await until(a.leads);
    return { ...all, a };
  };
  const hasLost = async ({ a }: Awaited<ReturnType<typeof leading>>) => {
    await until(() => a.seen.lost === 1, 'the loss');
    assert.ok(a.seen.signal?.reason instanceof LeadershipLostError);
    assert.equal(a.elector.isLeader(), false);
    a.ended.resolve();
    await assert.rejects(a.running, LeadershipLostError);
    assert.equal(a.seen.lost, 1);
  };

  it('goes on after a renewal that met a conflict or a server that failed, as long as its time is not over', async () => {
    const { a, state, next } = await leading();
    for (const code of [409, 500, 429, 403]) {
      state.fault = (method) => (method === 'PUT' ? code : undefined);
      await next('PUT');
      assert.equal(a.elector.isLeader(), true);
      state.fault = undefined;
      await next('PUT');
      await until(() => a.elector.isLeader());
    }
    assert.deepEqual([a.seen.lost, a.seen.signal?.aborted], [0, false]);
    a.stop.abort();
    a.ended.resolve();
    await a.running;
  });

  it('knows by its own clock that its time is over, before anything else happens', async () => {
    const all = await leading();
    const { a, clock, state, asked } = all;
    const heard = Promise.withResolvers<void>();
    state.silence = heard.promise;
    const before = asked('GET');
    clock.advance(RETRY_MS);
    await until(() => asked('GET') > before, 'a renewal');
    clock.advance(DEADLINE_MS - RETRY_MS - 1);
    assert.equal(a.elector.isLeader(), true);
    clock.advance(1);
    assert.deepEqual([a.elector.isLeader(), a.seen.lost], [false, 0]);
    state.fault = () => 403;
    heard.resolve();
    await hasLost(all);
    // Others have to wait for the end of the lease: it is not known what is still under way.
    assert.equal(state.lease?.spec?.holderIdentity, 'a');
  });

  it('counts its time from when it asked, not from when the answer came', async () => {
    const { a, clock, state, asked } = await leading();
    const heard = Promise.withResolvers<void>();
    state.silence = heard.promise;
    const before = asked('GET');
    clock.advance(RETRY_MS);
    await until(() => asked('GET') > before, 'a renewal');
    clock.advance(3_000);
    heard.resolve();
    await until(() => clock.pending === 1, 'the end of the renewal');
    const never = Promise.withResolvers<void>();
    state.silence = never.promise;
    clock.advance(DEADLINE_MS - 3_000 - 1);
    assert.equal(a.elector.isLeader(), true);
    clock.advance(1);
    assert.equal(a.elector.isLeader(), false);
    never.resolve();
    a.ended.resolve();
    await a.running.catch(() => undefined);
  });

  it('stops at once when another one has the Lease', async () => {
    const all = await leading();
    all.store(heldBy('b'));
    all.clock.advance(RETRY_MS);
    await hasLost(all);
    assert.equal(all.state.lease?.spec?.holderIdentity, 'b');
  });

  it('that was paused for longer than its deadline does not renew, even if nobody took the Lease', async () => {
    const all = await leading();
    const { asked, clock } = all;
    const before = asked('GET');
    clock.advance(DEADLINE_MS);
    await hasLost(all);
    assert.equal(asked('GET'), before);
  });

  it('creates a Lease again that somebody deleted', async () => {
    const { a, state, next } = await leading();
    state.lease = undefined;
    await next('POST');
    await until(() => state.lease?.spec?.holderIdentity === 'a', 'the Lease');
    assert.equal(a.elector.isLeader(), true);
    a.stop.abort();
    a.ended.resolve();
    await a.running;
  });

  it('whose work fails leaves the Lease to run out, and passes the error on', async () => {
    const { a, state } = await leading();
    a.ended.reject(new Error('broken'));
    await assert.rejects(a.running, /broken/);
    assert.equal(state.lease?.spec?.holderIdentity, 'a');
  });

  it('ends well also where the Lease cannot be given back', async () => {
    const { a, state } = await leading();
    state.fault = () => 500;
    a.stop.abort();
    a.ended.resolve();
    await a.running;
    assert.deepEqual([a.elector.isLeader(), state.lease?.spec?.holderIdentity], [false, 'a']);
  });

  it('does not take a Lease back from somebody when it gives up its own', async () => {
    const { a, state, store } = await leading();
    a.stop.abort();
    store(heldBy('b'));
    a.ended.resolve();
    await a.running;
    assert.equal(state.lease?.spec?.holderIdentity, 'b');
  });
});
