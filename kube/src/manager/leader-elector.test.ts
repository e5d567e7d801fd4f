import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';
import { afterEach, describe, it } from 'node:test';
import type { Lease } from '../client/resources.ts';
import { LeadershipLostError } from '../errors.ts';
import { type Answer, FakeClock, json, type ScriptedServer, scriptedServer, until } from '../testing.ts';
import { LeaderElector } from './leader-elector.ts';

const [LEASE_MS, DEADLINE_MS, RETRY_MS] = [15_000, 10_000, 2_000];
/** Enough for the next try, with all that is added to it so that candidates do not ask together. */
const NEXT_TRY_MS = RETRY_MS * 1.2;

const opened: ScriptedServer[] = [];
afterEach(async () => {
  for (const server of opened.splice(0)) await server.close();
});

/** One Lease, stored with the optimistic concurrency of the API server, and candidates that live by one clock. */
async function world(stored?: Lease['spec']) {
  const clock = new FakeClock();
  let version = 0;
  const state: {
    lease?: Lease | undefined;
    fault?: ((method: string) => number | undefined) | undefined;
    silence?: Promise<void>;
  } = {};
  const store = (spec: Lease['spec'] | undefined) => {
    version += 1;
    const metadata = { name: 'lease', namespace: 'ns', resourceVersion: String(version) };
    state.lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, ...(spec ? { spec } : {}) };
  };
  if (stored) store(stored);
  const status = (code: number, reason = '') => json(code, { kind: 'Status', code, reason });
  const decide = (method: string, sent: Lease | undefined): Answer => {
    const fault = state.fault?.(method);
    if (fault !== undefined) return status(fault, 'Fault');
    if (method === 'GET') return state.lease ? json(200, state.lease) : status(404, 'NotFound');
    if (method === 'POST' && state.lease) return status(409, 'AlreadyExists');
    if (method === 'PUT' && sent?.metadata.resourceVersion !== state.lease?.metadata.resourceVersion)
      return status(409, 'Conflict');
    store(sent?.spec);
    return json(200, state.lease);
  };
  const handle: Answer = async (request, response) => {
    const body = await text(request);
    await state.silence;
    decide(request.method ?? '', body ? JSON.parse(body) : undefined)(request, response);
  };
  const server = await scriptedServer({ list: [handle], other: [handle] });
  opened.push(server);
  const candidate = (identity: string) => {
    const elector = new LeaderElector({
      client: server.client,
      namespace: 'ns',
      name: 'lease',
      identity,
      leaseDurationMs: LEASE_MS,
      renewDeadlineMs: DEADLINE_MS,
      retryPeriodMs: RETRY_MS,
      clock,
    });
    const [stop, ended] = [new AbortController(), Promise.withResolvers<void>()];
    const seen: { signal?: AbortSignal; lost: number } = { lost: 0 };
    const running = elector.run(
      {
        started: (signal) => {
          seen.signal = signal;
          return ended.promise;
        },
        lost: () => {
          seen.lost += 1;
        },
      },
      stop.signal,
    );
    running.catch(() => undefined);
    return { elector, stop, ended, seen, running, leads: () => seen.signal !== undefined };
  };
  const asked = (method: string) => server.requests.filter((one) => one.startsWith(method)).length;
  /** Moves time on, and waits until a request of this method has been made and answered. */
  const next = async (method: string) => {
    const before = asked(method);
    clock.advance(NEXT_TRY_MS);
    await until(() => asked(method) > before && clock.pending > 0, method);
  };
  return { clock, state, store, candidate, server, asked, next };
}

const heldBy = (holderIdentity: string, more: object = {}) => ({
  holderIdentity,
  leaseDurationSeconds: 15,
  leaseTransitions: 4,
  ...more,
});

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

  it('is the only one of two that ask at the same time, for a Lease that is not there and for one that was given back', async () => {
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

  it('that was paused for longer than its deadline does not renew, even where nobody took the Lease', async () => {
    const all = await leading();
    const { asked, clock } = all;
    const before = asked('GET');
    clock.advance(DEADLINE_MS);
    await hasLost(all);
    assert.equal(asked('GET'), before);
  });

  it('creates a Lease anew that somebody deleted', async () => {
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
