import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configmaps } from '../client/resources.ts';
import { configMap, event, json, listOf, scriptedServer, until, watchOf } from '../testing.ts';
import { createMeasuringInformer } from './measuring-informer.ts';

const full = (name: string, version: string, text: string) => ({ ...configMap(name, version), data: { text } });

test('holds sizes as they are stored instead of objects, page by page, through changes and deletions', async () => {
  const pages = [
    json(200, { metadata: { resourceVersion: '10', continue: 'more' }, items: [full('a', '5', 'x'.repeat(1000))] }),
    listOf('10', full('b', '6', '<'.repeat(1000))),
  ];
  const events = [
    event('MODIFIED', full('a', '11', 'x')),
    event('DELETED', full('b', '12', '')),
    event('ADDED', full('c', '13', '')),
  ];
  const server = await scriptedServer({ list: pages, watch: [watchOf(events)] });
  const informer = createMeasuringInformer({ client: server.client, resource: configmaps }, ({ data }) => ({
    isLong: String((data as { text: string }).text).length > 10,
  }));
  const seen: (string | number | boolean)[][] = [];
  informer.onChange(({ type, object: { metadata, bytes, isLong, ...rest } }) => {
    assert.deepEqual(Object.keys(rest), ['apiVersion', 'kind']);
    seen.push([type, metadata.name ?? '', bytes > 6000 ? 6000 : bytes > 1000 ? 1000 : 0, isLong]);
  });
  const stop = new AbortController();
  const running = informer.start(stop.signal);
  try {
    await until(() => seen.length === 5, 'all changes');
    assert.deepEqual(seen, [
      ['add', 'a', 1000, true],
      ['add', 'b', 6000, true],
      ['update', 'a', 0, false],
      ['delete', 'b', 0, false],
      ['add', 'c', 0, false],
    ]);
    assert.match(server.requests[0] ?? '', /limit=16/);
  } finally {
    stop.abort();
    await running;
    await server.close();
  }
});

test('never reads everything at once, also where a page has expired meanwhile', async () => {
  const gone = json(410, { kind: 'Status', code: 410, reason: 'Expired', message: 'the token is too old' });
  const first = json(200, { metadata: { resourceVersion: '10', continue: 'more' }, items: [full('a', '5', '')] });
  const server = await scriptedServer({ list: [first, gone, first, listOf('10', full('b', '6', ''))], watch: [watchOf([])] });
  const informer = createMeasuringInformer(
    { client: server.client, resource: configmaps, retry: { baseMs: 5, maxMs: 20 } },
    () => ({}),
  );
  const stop = new AbortController();
  const running = informer.start(stop.signal);
  try {
    await informer.synced;
    assert.equal(informer.store.size, 2);
    const lists = server.requests.filter((request) => !request.includes('watch=true'));
    assert.equal(lists.length, 4);
    for (const list of lists) assert.match(list, /limit=16/);
  } finally {
    stop.abort();
    await running;
    await server.close();
  }
});
