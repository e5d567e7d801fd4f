import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import { ApiError, TransportError } from '../errors.ts';
import { type Answer, configMap, json, type ScriptedServer, scriptedServer } from '../testing.ts';
import { configmaps } from './resources.ts';

const key = { name: 'a', namespace: 'ns' };
const failed = (code: number, headers: Record<string, string> = {}) =>
  json(code, { kind: 'Status', code, message: 'no' }, headers);
const found = json(200, configMap('a', '1'));
const cut: Answer = (request) => request.socket.resetAndDestroy();

describe('A read that failed for a passing reason', () => {
  let server: ScriptedServer;
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
  afterEach(async () => {
    mock.timers.reset();
    await server.close();
  });
  const start = async (...answers: Answer[]) => {
    server = await scriptedServer({ list: answers, other: answers });
    return server.client;
  };
  /** Lets what is under way go on without any time passing. */
  const settle = async () => {
    for (let turn = 0; turn < 30; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  /** Waits until so many requests were made, moving time on by small steps. */
  const untilAsked = async (count: number) => {
    for (let tries = 0; tries < 500 && server.requests.length < count; tries += 1) {
      await settle();
      mock.timers.tick(10);
    }
    assert.equal(server.requests.length, count);
  };

  it('is sent again after what the server asks for, and not before', async () => {
    const reading = (await start(failed(429, { 'retry-after': '2' }), found)).getOrThrow(configmaps, key);
    while (server.requests.length < 1) await settle();
    await settle();
    mock.timers.tick(1_999);
    await settle();
    assert.equal(server.requests.length, 1);
    mock.timers.tick(1);
    assert.equal((await reading).metadata.name, 'a');
  });

  for (const retryAfter of ['-5', 'soon', 'Wed, 21 Oct 2999 07:28:00 GMT', ''])
    it(`is sent again soon where the server says '${retryAfter}'`, async () => {
      const reading = (await start(failed(503, { 'retry-after': retryAfter }), found)).getOrThrow(configmaps, key);
      await untilAsked(2);
      assert.equal((await reading).metadata.name, 'a');
    });

  it('is given up at once where the server asks for more than anybody waits', async () => {
    const reading = (await start(failed(429, { 'retry-after': '11' }), found)).getOrThrow(configmaps, key);
    await assert.rejects(reading, (error) => error instanceof ApiError && error.status === 429 && error.retryAfterSeconds === 11);
    assert.equal(server.requests.length, 1);
  });

  for (const [what, answer, kind] of [
    ['errors of the server', failed(500), ApiError],
    ['lost connections', cut, TransportError],
  ] as const)
    it(`is sent four times at most: ${what}`, async () => {
      const reading = assert.rejects((await start(answer)).getOrThrow(configmaps, key), kind);
      await untilAsked(4);
      await reading;
      mock.timers.tick(60_000);
      await settle();
      assert.equal(server.requests.length, 4);
    });

  for (const code of [400, 401, 403, 404, 409, 410, 413, 422])
    it(`is not one that was answered with ${code}`, async () => {
      const reading = (await start(failed(code))).getOrThrow(configmaps, key);
      await assert.rejects(reading, (error) => error instanceof ApiError && error.status === code);
      assert.equal(server.requests.length, 1);
    });

  it('is not one that used up its time', async () => {
    const reading = (await start(() => undefined)).getOrThrow(configmaps, key, { timeoutMs: 50 });
    while (server.requests.length < 1) await settle();
    mock.timers.tick(50);
    await assert.rejects(reading, (error) => error instanceof TransportError && error.code === 'TIMEOUT');
    assert.equal(server.requests.length, 1);
  });

  it('is not sent again when its signal aborts while it waits', async () => {
    const [stop, reason] = [new AbortController(), new Error('stop')];
    const reading = (await start(failed(503, { 'retry-after': '5' }), found)).getOrThrow(configmaps, key, {
      signal: stop.signal,
    });
    while (server.requests.length < 1) await settle();
    await settle();
    stop.abort(reason);
    await assert.rejects(reading, (error) => error === reason);
    mock.timers.tick(60_000);
    await settle();
    assert.equal(server.requests.length, 1);
  });

  it('is also a review, which changes nothing, and never a write', async () => {
    const client = await start(failed(503), json(201, { status: { allowed: true } }));
    const asking = client.subjectAccessReview({ user: 'ada' });
    await untilAsked(2);
    assert.deepEqual(await asking, { allowed: true });
    await server.close();
    const writer = await start(failed(503));
    const writes: readonly (() => Promise<unknown>)[] = [
      () => writer.create(configmaps, configMap('a', '1')),
      () => writer.replace(configmaps, configMap('a', '1')),
      () => writer.replaceStatus(configmaps, configMap('a', '1')),
      () => writer.patch(configmaps, key, {}, { type: 'merge' }),
      () => writer.delete(configmaps, key),
      () => writer.deleteCollection(configmaps, { namespace: 'ns' }),
      () => writer.createToken('ns', 'sa', [], 600),
    ];
    for (const write of writes) await assert.rejects(write(), ApiError);
    assert.equal(server.requests.length, writes.length);
  });

  it('is no stream: that is sent once, and what the server said of it is in the error', async () => {
    const client = await start(failed(503));
    const watching = client.stream({ method: 'GET', path: '/api/v1/configmaps' });
    await assert.rejects(watching, (error) => error instanceof ApiError && error.status === 503 && error.message === 'no');
    assert.equal(server.requests.length, 1);
  });

  it('fails on an answer that cannot be read: a proxy and not the API server may have sent it', async () => {
    const client = await start((_request, response) => response.end('<html>'));
    const reading = client.getOrThrow(configmaps, key);
    await assert.rejects(
      reading,
      (error) => error instanceof TransportError && error.code === 'NOT_JSON' && error.mayHaveHappened,
    );
    assert.equal(server.requests.length, 1);
  });

  it('asks for no whole list after a continue token that has run out, where only pages may be read', async () => {
    const page = json(200, { metadata: { resourceVersion: '1', continue: 'next' }, items: [configMap('a', '1')] });
    const client = await start(page, failed(410));
    const listing = client.list(configmaps, { onlyPages: true, pageSize: 1 });
    await assert.rejects(listing, (error) => error instanceof ApiError && error.status === 410);
    assert.equal(server.requests.length, 2);
  });
});
