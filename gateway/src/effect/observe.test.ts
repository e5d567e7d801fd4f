import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TransportRequest, TransportResponse } from '@sentinel/kube';
import type { ParsedRequest } from '../request/parse.ts';
import { parseQuery } from '../request/query.ts';
import { Refused } from '../request/refused.ts';
import type { Run } from '../run/run.ts';
import type { Upstream } from '../upstream.ts';
import { changeDigest } from './change.ts';
import { isAnswer, type Observation, observe, sendWrite } from './observe.ts';
import { APPLY } from './ownership.ts';
import { request } from './request.fixture.ts';

type Answers = (request: TransportRequest) => { status: number; body: unknown };

/** An API server that answers as told, and what was sent to it. */
function server(answers: Answers): { upstream: Upstream; sent: TransportRequest[] } {
  const sent: TransportRequest[] = [];
  const send = async (_: Run, __: string, one: TransportRequest): Promise<TransportResponse> => {
    sent.push(one);
    const { status, body } = answers(one);
    return { status, headers: {}, body: Buffer.from(JSON.stringify(body)) };
  };
  return { upstream: { send } as unknown as Upstream, sent };
}

const run = {} as Run;
const metadata = { name: 'web', uid: 'u-1', resourceVersion: '7' };
const write = (contentType: string, body: unknown, api: { verb?: string } = {}, query = ''): ParsedRequest =>
  request(api, { contentType, body: Buffer.from(JSON.stringify(body)), query: parseQuery(query) });
const bodyOf = (one: TransportRequest | undefined): unknown => JSON.parse(String(one?.body));
const isRefused = (status: number) => (error: unknown) => error instanceof Refused && error.status === status;

async function sentFor(asked: ParsedRequest, uid: string | undefined, resourceVersion: string | undefined) {
  const { upstream, sent } = server(() => ({ status: 200, body: {} }));
  await sendWrite(upstream, run, 'enforce', asked, { dryRun: false, uid, resourceVersion });
  return { path: sent[0]?.path ?? '', body: bodyOf(sent[0]) as { metadata?: object } };
}

async function seen(asked: ParsedRequest, live: unknown, result: unknown): Promise<Observation> {
  const { upstream } = server(({ method }) => {
    if (method !== 'GET') return { status: live === undefined ? 201 : 200, body: result };
    return live === undefined ? { status: 404, body: {} } : { status: 200, body: live };
  });
  const observed = await observe(upstream, run, 'rehearsal', asked);
  if (isAnswer(observed)) throw new Error(`answered ${observed.status}`);
  return observed;
}

describe('A write that is sent for real', () => {
  it('only creates, where an apply found no object', async () => {
    const { body } = await sentFor(write(APPLY, { metadata: { name: 'web' } }), undefined, undefined);
    assert.deepEqual(body, { metadata: { name: 'web', resourceVersion: '1' } });
  });
  it('only creates, also where the client names a version of its own', async () => {
    const { body } = await sentFor(write(APPLY, { metadata: { name: 'web', resourceVersion: '7' } }), undefined, undefined);
    assert.deepEqual(body.metadata, { name: 'web', resourceVersion: '1' });
  });
  it('creates nothing, where an apply or an update found an object', async () => {
    for (const asked of [
      write(APPLY, { metadata: { name: 'web' } }),
      write('', { metadata: { name: 'web' } }, { verb: 'update' }),
    ])
      assert.deepEqual((await sentFor(asked, 'u-1', '7')).body.metadata, metadata);
  });
  it('has a resourceVersion alone in a patch, which never creates', async () =>
    assert.deepEqual((await sentFor(write('application/merge-patch+json', {}), 'u-1', '7')).body, {
      metadata: { resourceVersion: '7' },
    }));
  it('is a create as it came', async () =>
    assert.deepEqual((await sentFor(write('', { metadata: { name: 'web' } }, { verb: 'create' }), undefined, undefined)).body, {
      metadata: { name: 'web' },
    }));
  it('says force in one way', async () => {
    const path = async (query: string) => (await sentFor(write(APPLY, {}, {}, query), 'u-1', '7')).path.split('?')[1];
    assert.equal(await path('fieldManager=x&force'), 'fieldManager=x&force=true');
    assert.equal(await path('fieldManager=x&force=0'), 'fieldManager=x');
  });
  it('is no protobuf where only the body tells what the request sets', async () => {
    const asked = request(
      { verb: 'create', apiGroup: '', resource: 'services' },
      { base: 'services', contentType: 'application/vnd.kubernetes.protobuf', body: Buffer.from('k8s') },
    );
    await assert.rejects(sentFor(asked, undefined, undefined), isRefused(415));
  });
});

describe('A create in protobuf', () => {
  const asked = request(
    { verb: 'create', apiGroup: '', resource: 'configmaps', name: undefined },
    { base: 'configmaps', contentType: 'application/vnd.kubernetes.protobuf', body: Buffer.from('k8s') },
  );
  const managedFields = [{ manager: 'sentinel-gateway', operation: 'Update' }];
  const made = (value: string, key = 'a') => ({ metadata: { name: 'made', managedFields }, data: { [key]: value } });

  it('is seen by the answer', async () => assert.equal((await seen(asked, undefined, made('ö'))).name, 'made'));
  // Whatever such bytes are, JSON shows all of them alike.
  it('is refused where its texts hold bytes that the answer cannot show', async () => {
    await assert.rejects(seen(asked, undefined, made('s\ufffdcret')), isRefused(415));
    await assert.rejects(seen(asked, undefined, made('secret', 'a\ufffd')), isRefused(415));
  });
});

describe('What is observed of a write', () => {
  const live = { metadata, spec: { replicas: 1 } };
  const result = { metadata, spec: { replicas: 2 } };

  it('is another change with force', async () => {
    const digest = async (query: string) =>
      changeDigest((await seen(write(APPLY, { spec: { replicas: 2 } }, {}, query), live, result)).changes);
    assert.notEqual(await digest('fieldManager=x'), await digest('fieldManager=x&force=true'));
  });
  it('is an object without uid and version, where an apply creates it', async () => {
    const { uid, resourceVersion, changes } = await seen(write(APPLY, {}, {}, 'fieldManager=x'), undefined, result);
    assert.deepEqual([uid, resourceVersion, changes[0]?.path], [undefined, undefined, '']);
  });

  const owned = { ...live, metadata: { ...metadata, managedFields: [{ manager: 'kubectl' }] } };
  it('is refused where the owners of all fields would go, however that was asked', async () => {
    const asked = write('application/strategic-merge-patch+json', {});
    await assert.rejects(seen(asked, owned, result), isRefused(403));
    await assert.rejects(
      seen(write('', { ...result, metadata: { managedFields: [] } }, { verb: 'update' }), owned, owned),
      isRefused(403),
    );
  });
  it('is the removal of the only field that anybody owns, after which nobody owns one', async () => {
    const fieldsV1 = { 'f:metadata': { 'f:labels': { '.': {}, 'f:a': {} } } };
    const labelled = {
      metadata: { ...metadata, labels: { a: 'x' }, managedFields: [{ manager: 'kubectl', fieldsV1 }] },
      data: {},
    };
    const bare = { metadata, data: {} };
    const asked = write('application/merge-patch+json', { metadata: { labels: { a: null } } });
    assert.deepEqual((await seen(asked, labelled, bare)).changes, [
      { path: '/metadata/labels', before: { a: 'x' }, after: undefined },
    ]);
    // Another owned field stays, so its owner would as well.
    const more = { ...bare, metadata: { ...metadata, labels: { b: 'x' } } };
    const both = { 'f:metadata': { 'f:labels': { 'f:a': {}, 'f:b': {} } } };
    const owners = { managedFields: [{ manager: 'kubectl', fieldsV1: both }] };
    const live = { ...more, metadata: { ...more.metadata, labels: { a: 'x', b: 'x' }, ...owners } };
    await assert.rejects(seen(asked, live, more), isRefused(403));
  });
  it('is what an update does that carries the owners as it read them', async () => {
    const { changes } = await seen(write('', owned, { verb: 'update' }), owned, { ...owned, spec: { replicas: 2 } });
    assert.deepEqual(changes, [{ path: '/spec/replicas', before: 1, after: 2 }]);
  });

  const version = (resourceVersion: string, more: object) => ({ ...live, ...more, metadata: { ...metadata, resourceVersion } });
  // Others write between the first read and the dry-run, as often as told.
  const busy = (times: number) => {
    let reads = 0;
    return server(({ method }) => {
      if (method === 'GET') return { status: 200, body: reads++ < times ? live : version('8', { others: 1 }) };
      return { status: 200, body: version('8', { others: 1, spec: { replicas: 2 } }) };
    });
  };
  const patch = write('application/merge-patch+json', {});

  it('is what the request does and not what others did in between', async () => {
    const found = await observe(busy(1).upstream, run, 'enforce', patch);
    assert.ok(!isAnswer(found));
    assert.deepEqual(found.changes, [{ path: '/spec/replicas', before: 1, after: 2 }]);
    assert.equal(found.resourceVersion, '8');
  });
  it('is a conflict where others never stop', async () => {
    const { upstream, sent } = busy(99);
    await assert.rejects(observe(upstream, run, 'enforce', patch), isRefused(409));
    assert.equal(sent.length, 8);
  });
  it('is looked at again where somebody creates what an apply was to create', async () => {
    let reads = 0;
    const { upstream } = server(({ method }) => {
      if (method === 'GET') return reads++ === 0 ? { status: 404, body: {} } : { status: 200, body: live };
      return { status: 200, body: result };
    });
    const found = await observe(upstream, run, 'enforce', write(APPLY, {}, {}, 'fieldManager=x'));
    assert.ok(!isAnswer(found));
    assert.deepEqual([found.uid, found.changes.length], ['u-1', 1]);
  });
});

describe('A number that JavaScript cannot hold', () => {
  const text = (channel: string, note: string) =>
    `{"metadata":${JSON.stringify(metadata)},"spec":{"channel":${channel},"note":"${note}"}}`;
  const upstreamOf = (live: string, result: string) =>
    ({
      send: async (_: Run, __: string, { method }: TransportRequest) => ({
        status: 200,
        headers: {},
        body: Buffer.from(method === 'GET' ? live : result),
      }),
    }) as unknown as Upstream;
  const asked = write('application/merge-patch+json', { spec: { note: 'b' } });
  const [small, big] = ['17', '9007199254740993'];

  for (const [name, live, result] of [
    ['in the live object', text(big, 'a'), text(small, 'b')],
    ['in the result', text(small, 'a'), text(big, 'b')],
  ] as const)
    it(`is refused ${name}`, async () =>
      await assert.rejects(observe(upstreamOf(live, result), run, 'enforce', asked), (error) => {
        assert.match(
          String(error),
          /the number 9007199254740993 at \/spec\/channel, which .* not supported.*change it without Sentinel/,
        );
        return isRefused(403)(error);
      }));

  it('is refused in a body', async () => {
    for (const contentType of ['application/json', 'application/yaml', 'application/merge-patch+json', APPLY]) {
      const body = request({}, { contentType, body: Buffer.from(`{"spec":{"channel":${big}}}`) });
      await assert.rejects(observe(upstreamOf(text(small, 'a'), text(small, 'b')), run, 'enforce', body), isRefused(400));
    }
    const yaml = request({}, { contentType: APPLY, body: Buffer.from(`spec:\n  channel: ${big}\n`) });
    await assert.rejects(observe(upstreamOf(text(small, 'a'), text(small, 'b')), run, 'enforce', yaml), isRefused(400));
  });
});
