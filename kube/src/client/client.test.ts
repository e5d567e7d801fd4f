import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventRecorder, trimToBytes } from '../controller/event-recorder.ts';
import { ApiError, isConflict, TransportError } from '../errors.ts';
import { type Answer, configMap, json, scriptedServer } from '../testing.ts';
import { createClient } from './client.ts';
import { addFinalizer, addFinalizerPatch, removeFinalizerPatch } from './finalizers.ts';
import { configmaps } from './resources.ts';

const key = { name: 'a', namespace: 'ns' };
const busy = json(503, { kind: 'Status', code: 503, message: 'busy' }, { 'retry-after': '0' });
const reset: Answer = (request) => request.socket.resetAndDestroy();

test('a read is tried again after 503 and after a reset', async () => {
  const server = await scriptedServer({ list: [busy, reset, json(200, configMap('a', '1'))] });
  assert.equal((await server.client.getOrThrow(configmaps, key)).metadata.name, 'a');
  assert.equal(server.requests.length, 3);
  await server.close();
});

test('a write is sent once, and a lost answer says that it may have happened', async () => {
  const server = await scriptedServer({ other: [busy, reset] });
  const create = () => server.client.create(configmaps, configMap('a', '1'));
  await assert.rejects(create(), (error) => error instanceof ApiError && error.status === 503 && error.retryAfterSeconds === 0);
  await assert.rejects(create(), (error) => error instanceof TransportError && error.mayHaveHappened);
  assert.equal(server.requests.length, 2);
  await server.close();
  await assert.rejects(create(), TransportError);
});

test('get and delete give null for an object that does not exist', async () => {
  const server = await scriptedServer({ other: [json(404, { kind: 'Status', code: 404, reason: 'NotFound' })] });
  assert.equal(await server.client.get(configmaps, key), null);
  assert.equal(await server.client.delete(configmaps, key, { preconditions: { uid: 'u' } }), null);
  await server.close();
});

test('a name that would leave its path is refused before anything is sent', async () => {
  const server = await scriptedServer({});
  for (const name of ['', '.', '..', 'a/b']) await assert.rejects(server.client.get(configmaps, { ...key, name }), TypeError);
  assert.deepEqual(server.requests, []);
  await server.close();
});

test('a request that is silent ends with a TransportError at its timeout, an aborted one with the reason', async () => {
  const server = await scriptedServer({ other: [() => undefined] });
  const silent = server.client.get(configmaps, key, { timeoutMs: 30 });
  await assert.rejects(silent, (error) => error instanceof TransportError && error.code === 'TIMEOUT');
  const reason = new Error('stop');
  const aborted = server.client.get(configmaps, key, { signal: AbortSignal.abort(reason) });
  await assert.rejects(aborted, (error) => error === reason);
  await server.close();
});

test('a client that is bound to a signal breaks off what is under way, sends nothing more, and does not try again', async () => {
  let asked: () => void = () => undefined;
  const isAsked = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const server = await scriptedServer({ other: [() => asked()] });
  const [stop, reason] = [new AbortController(), new Error('stop')];
  const bound = server.client.until(stop.signal);
  const reading = bound.get(configmaps, key);
  await isAsked;
  stop.abort(reason);
  await assert.rejects(reading, (error) => error === reason);
  await assert.rejects(bound.create(configmaps, configMap('a', '1')), (error) => error === reason);
  await assert.rejects(bound.until(new AbortController().signal).list(configmaps), (error) => error === reason);
  await assert.rejects(bound.logs('ns', 'pod', 'container'), (error) => error === reason);
  assert.equal(server.requests.length, 1);
  await server.close();
});

test('what is asked before each write can stop it; reads go on', async () => {
  const server = await scriptedServer({ other: [json(200, configMap('a', '1'))] });
  const lost = new Error('not the leader');
  let isLeader = true;
  const beforeWrite = () => {
    if (!isLeader) throw lost;
  };
  const client = createClient(server.client.transport, { beforeWrite }).until(new AbortController().signal);
  await client.replace(configmaps, configMap('a', '1'));
  isLeader = false;
  await assert.rejects(client.replace(configmaps, configMap('a', '1')), (error) => error === lost);
  await assert.rejects(client.delete(configmaps, key), (error) => error === lost);
  assert.equal((await client.getOrThrow(configmaps, key)).metadata.name, 'a');
  assert.deepEqual(
    server.requests.map((request) => request.split(' ')[0]),
    ['PUT', 'GET'],
  );
  await server.close();
});

test('finalizer patches test what they build on', async () => {
  const bare = configMap('a', '1');
  assert.equal(addFinalizerPatch(bare, 'x/y')?.length, 3);
  const carrying = { ...bare, metadata: { ...bare.metadata, finalizers: ['o/p', 'x/y'] } };
  assert.equal(addFinalizerPatch(carrying, 'x/y'), null);
  assert.deepEqual(removeFinalizerPatch(carrying, 'x/y')?.slice(1), [
    { op: 'test', path: '/metadata/finalizers/1', value: 'x/y' },
    { op: 'remove', path: '/metadata/finalizers/1' },
  ]);
  const server = await scriptedServer({ other: [json(422, { kind: 'Status', code: 422, reason: 'Invalid' })] });
  await assert.rejects(addFinalizer(server.client, configmaps, bare, { finalizer: 'x/y' }), isConflict);
  await server.close();
});

test('a recorder never rejects, and an existing event is a success', async () => {
  const exists = json(409, { kind: 'Status', code: 409, reason: 'AlreadyExists' });
  const server = await scriptedServer({ other: [json(201, {}), exists, json(403, { kind: 'Status', code: 403 })] });
  const recorder = new EventRecorder({ client: server.client, controller: 'example.org/test', instance: 'pod' });
  const input = { name: 'e', regarding: { name: 'a', namespace: 'ns' }, reason: 'R', action: 'A', note: 'n' };
  assert.deepEqual(await recorder.record(input), { ok: true, created: true });
  assert.deepEqual(await recorder.record(input), { ok: true, created: false });
  assert.equal((await recorder.record(input)).ok, false);
  await server.close();
});

test('a note is cut between characters, at 1024 bytes', () => {
  const cut = trimToBytes('é'.repeat(600), 1024);
  assert.ok(Buffer.byteLength(cut) <= 1024);
  assert.match(cut, /^é+…$/);
  assert.equal(trimToBytes('short', 1024), 'short');
});
