import assert from 'node:assert/strict';
import { afterEach, describe, it, mock } from 'node:test';
import { configmaps } from '../client/resources.ts';
import {
  type Answer,
  configMap,
  event,
  FakeClock,
  json,
  listOf,
  type ScriptedServer,
  scriptedServer,
  until,
  watchOf,
} from '../testing.ts';
import type { AnyObject } from '../types.ts';
import { createInformer, type Informer } from './informer.ts';
import type { InformerOptions } from './informer-options.ts';

const opened: { server: ScriptedServer; stop: AbortController; running: Promise<void> }[] = [];
afterEach(async () => {
  for (const { server, stop, running } of opened.splice(0)) {
    stop.abort();
    await running;
    await server.close();
  }
});

/** An informer that runs against a script, and what it tells. */
async function start(script: { list: Answer[]; watch: Answer[] }, options: Partial<InformerOptions<AnyObject>> = {}) {
  const server = await scriptedServer(script);
  const informer: Informer<AnyObject> = createInformer({
    client: server.client,
    resource: configmaps,
    retry: { baseMs: 1, maxMs: 2 },
    ...options,
  });
  const deltas: string[] = [];
  const unregister = informer.onChange(({ type, object }) =>
    deltas.push(`${type} ${object.metadata.name}@${object.metadata.resourceVersion}`),
  );
  const stop = new AbortController();
  const running = informer.start(stop.signal);
  opened.push({ server, stop, running });
  return { server, informer, deltas, stop, running, unregister };
}

const watches = ({ requests }: ScriptedServer) => requests.filter((request) => request.includes('watch=true'));

describe('What an informer tells', () => {
  it('is the last state of what was deleted, and not that of a new object with the same name', async () => {
    const watch = [
      watchOf([
        event('DELETED', configMap('a', '11')),
        event('ADDED', configMap('a', '12', 'new')),
        event('DELETED', configMap('a', '13', 'older')),
        event('MODIFIED', configMap('a', '14', 'new')),
      ]),
    ];
    const { deltas, informer } = await start({ list: [listOf('10', configMap('a', '5'))], watch });
    await until(() => deltas.length === 4);
    assert.deepEqual(deltas, ['add a@5', 'delete a@11', 'add a@12', 'update a@14']);
    assert.equal(informer.store.get('ns/a')?.metadata.uid, 'new');
  });

  it('is passed to later listeners as well, and not to removed ones', async () => {
    const late: string[] = [];
    let say = (_line: object) => {};
    const watch: Answer = (_request, response) => {
      response.writeHead(200);
      response.flushHeaders();
      say = (line) => response.write(`${JSON.stringify(line)}\n`);
    };
    const { server, deltas, informer, unregister } = await start({ list: [listOf('10', configMap('a', '5'))], watch: [watch] });
    await until(() => watches(server).length === 1 && deltas.length === 1);
    unregister();
    informer.onChange(({ type, object }) => late.push(`${type} ${object.metadata.name}`));
    assert.deepEqual(late, ['add a']);
    await until(() => informer.healthy());
    say(event('ADDED', configMap('b', '11')));
    await until(() => late.length === 2);
    assert.deepEqual([late, deltas], [['add a', 'add b'], ['add a@5']]);
  });

  it('is all of it once more, after each time of resync, until it is stopped', async () => {
    const clock = new FakeClock();
    const random = mock.method(Math, 'random', () => 0.5);
    const { deltas, informer, stop, running } = await start(
      { list: [listOf('10', configMap('a', '5'), configMap('b', '6'))], watch: [watchOf([])] },
      { clock, resyncMs: 1_000 },
    );
    await informer.synced;
    random.mock.restore();
    clock.advance(1_049);
    assert.equal(deltas.length, 2);
    clock.advance(1);
    assert.deepEqual(deltas.slice(2), ['update a@5', 'update b@6']);
    clock.advance(1_200);
    assert.equal(deltas.length, 6);
    stop.abort();
    await running;
    assert.equal(clock.pending, 0);
  });

  it('is what the transform keeps, and the whole object where that fails', async () => {
    const transform = (object: AnyObject): AnyObject => {
      if (object.metadata.name === 'odd') throw new Error('odd');
      return { ...object, metadata: { ...object.metadata, labels: { kept: 'yes' } } };
    };
    const { informer } = await start(
      { list: [listOf('10', configMap('a', '5'), configMap('odd', '6'))], watch: [watchOf([])] },
      { transform },
    );
    await informer.synced;
    assert.deepEqual(informer.store.get('ns/a')?.metadata.labels, { kept: 'yes' });
    assert.deepEqual(informer.store.get('ns/odd')?.metadata.managedFields, [{}]);
  });
});

describe('An informer', () => {
  it('asks for what it was told to watch, and for bookmarks', async () => {
    const { server, informer } = await start(
      { list: [listOf('10')], watch: [watchOf([])] },
      { namespace: 'ns', labelSelector: 'a=b', fieldSelector: 'metadata.name=x' },
    );
    await informer.synced;
    await until(() => watches(server).length === 1);
    for (const request of server.requests) {
      const { pathname, searchParams } = new URL(request.replace('GET ', 'http://x'));
      assert.equal(pathname, '/api/v1/namespaces/ns/configmaps');
      assert.deepEqual([searchParams.get('labelSelector'), searchParams.get('fieldSelector')], ['a=b', 'metadata.name=x']);
    }
    const { searchParams } = new URL((watches(server)[0] ?? '').replace('GET ', 'http://x'));
    assert.deepEqual([searchParams.get('allowWatchBookmarks'), searchParams.get('resourceVersion')], ['true', '10']);
    const seconds = Number(searchParams.get('timeoutSeconds'));
    assert.ok(seconds >= 300 && seconds < 600);
  });

  for (const [what, line] of [
    ['of a type that nobody knows', event('RENAMED', configMap('x', '12'))],
    ['whose object is a list', { type: 'ADDED', object: [] }],
    ['whose object has no metadata', { type: 'ADDED', object: {} }],
    ['that is an error other than 410', event('ERROR', { kind: 'Status', code: 500, message: 'etcd' })],
    ['that is an error without a code', event('ERROR', {})],
  ] as const)
    it(`loses nothing by an event ${what}: it watches again from the last that it knows`, async () => {
      const watch = [watchOf([event('ADDED', configMap('a', '11')), line]), watchOf([event('ADDED', configMap('b', '13'))])];
      const { server, deltas } = await start({ list: [listOf('10')], watch });
      await until(() => deltas.length === 2);
      assert.deepEqual(deltas, ['add a@11', 'add b@13']);
      assert.match(watches(server)[1] ?? '', /resourceVersion=11(&|$)/);
    });

  it('lists again when watches fail again and again, although none says that it is too old', async () => {
    const down = json(500, { kind: 'Status', code: 500 });
    const list = [listOf('10'), listOf('20', configMap('a', '15'))];
    const { deltas, server } = await start({ list, watch: [down, down, down, down, down, watchOf([])] });
    await until(() => deltas.length === 1);
    assert.equal(watches(server).length >= 5, true);
  });

  it('does not ask in a tight loop where each watch ends at once', async () => {
    const clock = new FakeClock();
    const { server } = await start(
      { list: [listOf('10')], watch: [watchOf([], 'fin')] },
      { clock, retry: { baseMs: 100, maxMs: 1_000 } },
    );
    await until(() => watches(server).length === 1 && clock.pending === 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(watches(server).length, 1);
    clock.advance(150);
    await until(() => watches(server).length === 2 && clock.pending === 1);
  });

  for (const [where, script] of [
    ['a list that hangs', { list: [() => undefined], watch: [] }],
    ['a watch that sends no headers', { list: [listOf('10')], watch: [() => undefined] }],
    ['a watch that is silent', { list: [listOf('10')], watch: [watchOf([])] }],
    ['a wait after an error', { list: [json(429, { kind: 'Status', code: 429 }, { 'retry-after': '3600' })], watch: [] }],
  ] as const)
    it(`ends at once in ${where}`, { timeout: 5_000 }, async () => {
      const { server, stop, running } = await start({ list: [...script.list], watch: [...script.watch] });
      await until(() => server.requests.length >= (script.watch.length === 0 ? 1 : 2));
      await new Promise((resolve) => setTimeout(resolve, 10));
      stop.abort(new Error('stop'));
      await running;
    });
});

describe('An informer that is told to retry much later', () => {
  it('asks again after a minute', async () => {
    const clock = new FakeClock();
    const busy = json(503, { kind: 'Status', code: 503, message: 'busy' }, { 'retry-after': '86400' });
    const { deltas, server } = await start(
      { list: [listOf('10')], watch: [busy, watchOf([event('ADDED', configMap('a', '11'))])] },
      { clock },
    );
    await until(() => watches(server).length === 1 && clock.pending > 0);
    await new Promise((resolve) => setTimeout(resolve, 100));
    clock.advance(59_000);
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(watches(server).length, 1);
    clock.advance(2_000);
    await until(() => deltas.length === 1, 'the event after the minute');
  });
});
