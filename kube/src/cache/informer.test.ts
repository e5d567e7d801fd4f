import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configmaps } from '../client/resources.ts';
import { StoreWentBackError } from '../errors.ts';
import { type Answer, configMap, event, FakeClock, json, listOf, scriptedServer, until, watchOf } from '../testing.ts';
import type { AnyObject } from '../types.ts';
import { createInformer, type Informer } from './informer.ts';

interface Run {
  informer: Informer<AnyObject>;
  deltas: string[];
  requests: string[];
}

/** Runs an informer against a script until the check has passed, then stops it and makes sure it ends. */
async function against(script: { list: Answer[]; watch: Answer[] }, check: (run: Run) => Promise<void>, inactivityMs = 5000) {
  const server = await scriptedServer(script);
  const retry = { baseMs: 5, maxMs: 20 };
  const informer = createInformer({ client: server.client, resource: configmaps, retry, inactivityMs, unhealthyAfterMs: 0 });
  const deltas: string[] = [];
  informer.onChange(({ type, object }) => deltas.push(`${type} ${object.metadata.name}@${object.metadata.resourceVersion}`));
  const stop = new AbortController();
  const running = informer.start(stop.signal);
  try {
    await informer.synced;
    await check({ informer, deltas, requests: server.requests });
  } finally {
    stop.abort();
    await running;
    await server.close();
  }
}

const gone = event('ERROR', { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' });

test('a watch resumes after a reset from the last event, without a list', async () => {
  const watch = [watchOf([event('ADDED', configMap('b', '11'))], 'reset'), watchOf([event('ADDED', configMap('c', '12'))])];
  await against({ list: [listOf('10', configMap('a', '5'))], watch }, async ({ deltas, requests, informer }) => {
    await until(() => deltas.includes('add c@12'), 'the event after the reset');
    assert.deepEqual(deltas, ['add a@5', 'add b@11', 'add c@12']);
    assert.equal(requests.filter((request) => !request.includes('watch=true')).length, 1);
    assert.match(requests.find((request) => request.includes('resourceVersion=11')) ?? '', /allowWatchBookmarks=true/);
    assert.equal(informer.healthy(), true);
  });
});

test('a 429 on the watch is survived and its Retry-After honoured', async () => {
  const busy = json(429, { kind: 'Status', code: 429, message: 'busy' }, { 'retry-after': '1' });
  const startedAt = performance.now();
  await against({ list: [listOf('10')], watch: [busy, watchOf([event('ADDED', configMap('a', '11'))])] }, async ({ deltas }) => {
    await until(() => deltas.length === 1, 'the event after the 429');
    assert.ok(performance.now() - startedAt >= 990);
  });
});

test('a 410 within the stream: delete and recreate in the gap is a delete, then an add', async () => {
  const list = [listOf('10', configMap('a', '5', 'old'), configMap('b', '6')), listOf('30', configMap('a', '20', 'new'))];
  await against({ list, watch: [watchOf([gone], 'fin'), watchOf([])] }, async ({ deltas, informer }) => {
    await until(() => deltas.length === 5, 'the deltas of the second list');
    assert.deepEqual(deltas.slice(2), ['delete b@6', 'delete a@5', 'add a@20']);
    assert.equal(informer.store.size, 1);
  });
});

test('a 410 as HTTP status leads to a list, and a list that fails is tried again', async () => {
  const down = json(500, { kind: 'Status', code: 500, message: 'down' });
  // Five answers: the client itself retries a read three times before the informer is notified of it.
  const list = [listOf('10'), down, down, down, down, down, listOf('30', configMap('a', '20'))];
  const watch = [json(410, { kind: 'Status', code: 410, message: 'too old' }), watchOf([])];
  await against({ list, watch }, async ({ deltas, informer }) => {
    await until(() => !informer.healthy(), 'unhealthy while blind');
    await until(() => deltas.length === 1 && informer.healthy(), 'the list after the failures');
  });
});

test('a malformed line loses nothing: the watch resumes before it', async () => {
  const watch = [
    watchOf([event('ADDED', configMap('a', '11')), '{"type":"ADDED","obj', event('ADDED', configMap('c', '13'))]),
    watchOf([event('ADDED', configMap('b', '12')), event('ADDED', configMap('c', '13'))]),
  ];
  await against({ list: [listOf('10')], watch }, async ({ deltas, requests }) => {
    await until(() => deltas.length === 3, 'all three objects');
    assert.deepEqual(deltas, ['add a@11', 'add b@12', 'add c@13']);
    assert.ok(requests.at(-1)?.includes('resourceVersion=11'));
  });
});

test('an event older than what is known is refused, and the truth is listed', async () => {
  const watch = [watchOf([event('MODIFIED', configMap('a', '13')), event('MODIFIED', configMap('a', '12'))]), watchOf([])];
  const list = [listOf('10', configMap('a', '5')), listOf('14', configMap('a', '13'))];
  await against({ list, watch }, async ({ deltas, requests }) => {
    await until(() => requests.filter((request) => request.includes('watch=true')).length === 2, 'the second watch');
    assert.deepEqual(deltas, ['add a@5', 'update a@13']);
  });
});

test('a list older than what is known is refused, and asked for again', async () => {
  const list = [listOf('10', configMap('a', '9')), listOf('8', configMap('a', '7')), listOf('11', configMap('a', '11'))];
  await against({ list, watch: [watchOf([gone], 'fin'), watchOf([])] }, async ({ deltas }) => {
    await until(() => deltas.length === 2, 'the newer list');
    assert.deepEqual(deltas, ['add a@9', 'update a@11']);
  });
});

test('older lists again and again end the informer: the history of the server is another one', async () => {
  const list = [listOf('10', configMap('a', '9')), listOf('8', configMap('a', '7'))];
  const server = await scriptedServer({ list, watch: [watchOf([gone], 'fin')] });
  const informer = createInformer({ client: server.client, resource: configmaps, retry: { baseMs: 1, maxMs: 2 } });
  await assert.rejects(informer.start(new AbortController().signal), StoreWentBackError);
  assert.deepEqual(
    informer.store.list().map(({ metadata }) => metadata.resourceVersion),
    ['9'],
  );
  await server.close();
});

test('a store is fresh while the server is heard, and not when it stays silent though a silent watch is opened again', async () => {
  const clock = new FakeClock();
  let say = (_line: object) => {};
  const watch: Answer = (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    say = (line) => response.write(`${JSON.stringify(line)}\n`);
  };
  const server = await scriptedServer({ list: [listOf('10')], watch: [watch] });
  const stop = new AbortController();
  const informer = createInformer({ client: server.client, resource: configmaps, clock });
  assert.equal(informer.healthy(), false);
  const running = informer.start(stop.signal);
  await until(() => informer.healthy() && server.requests.length === 2);
  clock.advance(89_000);
  assert.equal(informer.healthy(), true);
  clock.advance(1_000);
  assert.equal(informer.healthy(), false);
  say(event('BOOKMARK', { metadata: { resourceVersion: '11' } }));
  await until(() => informer.healthy(), 'the bookmark');
  stop.abort();
  await running;
  await server.close();
});

test('a half-open watch is given up after the time of silence and opened again', async () => {
  const watch = [watchOf([]), watchOf([event('ADDED', configMap('a', '11'))])];
  const check = async ({ deltas }: Run) => until(() => deltas.length === 1, 'the event after the silence');
  await against({ list: [listOf('10')], watch }, check, 100);
});

test('a bookmark moves the version on without a change', async () => {
  const bookmark = event('BOOKMARK', { metadata: { resourceVersion: '50' } });
  const watch = [watchOf([bookmark], 'fin'), watchOf([])];
  await against({ list: [listOf('10')], watch }, async ({ deltas, requests }) => {
    await until(() => requests.at(-1)?.includes('resourceVersion=50') ?? false, 'a watch from the bookmark');
    assert.equal(deltas.length, 0);
  });
});

test('a handler that throws or rejects stops neither the informer nor the other handlers', async () => {
  const watch = [watchOf([event('ADDED', configMap('b', '11'))])];
  await against({ list: [listOf('10', configMap('a', '5'))], watch }, async ({ informer }) => {
    const seen: string[] = [];
    informer.onChange(() => {
      throw new Error('sync');
    });
    informer.onChange(async () => {
      throw new Error('async');
    });
    informer.onChange(({ object }) => seen.push(object.metadata.name ?? ''));
    await until(() => seen.includes('b'), 'the event behind the broken handlers');
  });
});

test('objects are frozen to the bottom and carry no managedFields', async () => {
  await against({ list: [listOf('10', configMap('a', '5'))], watch: [watchOf([])] }, async ({ informer }) => {
    const object = informer.store.get('ns/a');
    assert.ok(object && Object.isFrozen(object.metadata));
    assert.equal('managedFields' in object.metadata, false);
    assert.equal(object.kind, 'ConfigMap');
  });
});

test('lists are paged, and an outlived continue token leads to one whole list', async () => {
  const page = json(200, { metadata: { resourceVersion: '10', continue: 'next' }, items: [configMap('a', '5')] });
  const expired = json(410, { kind: 'Status', code: 410, reason: 'Expired' });
  const list = [page, expired, listOf('12', configMap('a', '5'), configMap('b', '11'))];
  await against({ list, watch: [watchOf([])] }, async ({ informer, requests }) => {
    assert.equal(informer.store.size, 2);
    assert.ok(requests[1]?.includes('continue=next'));
    assert.ok(!requests[2]?.includes('limit='));
  });
});
