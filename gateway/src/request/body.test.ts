import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { request } from '../effect/request.fixture.ts';
import { asksForDryRun, readBody, readDeleteOptions, refuseGeneratedName, withPrecondition } from './body.ts';
import type { Discovery } from './discovery.ts';
import { parseRequest, pathOf } from './parse.ts';
import { buildQuery, parseQuery } from './query.ts';
import { Refused } from './refused.ts';

const refusedWith = (status: number) => (error: unknown) => error instanceof Refused && error.status === status;
const remove = (body: string, query: string = '') =>
  request({ verb: 'delete' }, { body: Buffer.from(body), query: parseQuery(query) });

describe('The options of a delete', () => {
  const rows: Record<string, { body: string; query?: string; options: object }> = {
    'are empty without a body and a query': { body: '', options: { preconditions: {} } },
    'are empty for an empty object, and for a value that is not an object': { body: '{}', options: { preconditions: {} } },
    'come from the query': {
      body: '',
      query: 'gracePeriodSeconds=0&propagationPolicy=Orphan',
      options: { gracePeriodSeconds: 0, propagationPolicy: 'Orphan', preconditions: {} },
    },
    'come from the body first': {
      body: '{"gracePeriodSeconds":5,"propagationPolicy":"Foreground"}',
      query: 'gracePeriodSeconds=0&propagationPolicy=Orphan',
      options: { gracePeriodSeconds: 5, propagationPolicy: 'Foreground', preconditions: {} },
    },
    'are those that are known, and never a dry-run or the lack of one': {
      body: '{"dryRun":[],"ignoreStoreReadErrorWithClusterBreakingPotential":true,"preconditions":{"uid":"u","x":1}}',
      options: { preconditions: { uid: 'u' } },
    },
    'are no numbers in other forms': { body: '', query: 'gracePeriodSeconds=-1', options: { preconditions: {} } },
  };
  for (const [name, { body, query, options }] of Object.entries(rows)) {
    it(name, () => assert.deepEqual(readDeleteOptions(remove(body, query)), options));
  }

  it('are refused in the old form', () => {
    assert.throws(() => readDeleteOptions(remove('{"orphanDependents":true}')), refusedWith(400));
  });
});

describe('A body', () => {
  const refused: Record<string, { type: string; body: string; status: number; verb?: string }> = {
    'of protobuf in a patch': { type: 'application/vnd.kubernetes.protobuf', body: 'k8s', status: 415 },
    'of protobuf in a delete': { type: 'application/vnd.kubernetes.protobuf', body: 'k8s', status: 415, verb: 'delete' },
    'of an unknown type': { type: 'text/plain', body: '{}', status: 415 },
    'that is not JSON': { type: 'application/json', body: '{', status: 400 },
    'of YAML with aliases': { type: 'application/yaml', body: 'a: &a [1]\nb: *a', status: 400 },
  };
  for (const [name, { type, body, status, verb }] of Object.entries(refused)) {
    it(`is refused: one ${name}`, () => {
      const given = request({ verb: verb ?? 'patch' }, { contentType: type, body: Buffer.from(body) });
      assert.throws(() => readBody(given), refusedWith(status));
    });
  }

  it('is read as JSON or YAML, and left as it is in the protobuf of a create alone', () => {
    const read = (contentType: string, body: string, verb = 'patch') =>
      readBody(request({ verb }, { contentType, body: Buffer.from(body) })).kind;
    assert.deepEqual(
      [
        read('application/merge-patch+json', '{}'),
        read('application/apply-patch+yaml', 'a: 1'),
        read('', '{}'),
        read('application/vnd.kubernetes.protobuf', 'k8s', 'create'),
        read('application/json', ''),
      ],
      ['json', 'json', 'json', 'opaque', 'none'],
    );
  });

  it('takes a precondition only as what its type says it is', () => {
    assert.throws(() => withPrecondition('application/json-patch+json', { a: 1 }, '7'), refusedWith(400));
    for (const value of [[], null, 'x'])
      assert.throws(() => withPrecondition('application/merge-patch+json', value, '7'), refusedWith(400));
    assert.deepEqual(withPrecondition('application/merge-patch+json', { metadata: null }, '7'), {
      metadata: { resourceVersion: '7' },
    });
    assert.deepEqual(withPrecondition('application/json', { metadata: { resourceVersion: '' } }, '7'), {
      metadata: { resourceVersion: '7' },
    });
  });

  it('may not leave its name to the server', () => {
    assert.throws(() => refuseGeneratedName({ metadata: { generateName: 'a-' } }), refusedWith(403));
    assert.throws(() => refuseGeneratedName({ metadata: { generateName: 'a-', name: '' } }), refusedWith(403));
    refuseGeneratedName({ metadata: { generateName: 'a-', name: 'a-1' } });
    refuseGeneratedName({ metadata: { name: 'a' } });
  });

  const dry: Record<string, { asked: ReturnType<typeof request>; dryRun: boolean }> = {
    'the query': { asked: request({}, { query: parseQuery('dryRun=All') }), dryRun: true },
    'the body of a delete': { asked: remove('{"dryRun":["All"]}'), dryRun: true },
    'another value': { asked: remove('{"dryRun":["None"]}'), dryRun: false },
    'the body of a patch': { asked: request({}, { body: Buffer.from('{"dryRun":["All"]}') }), dryRun: false },
  };
  for (const [name, { asked, dryRun }] of Object.entries(dry)) {
    it(`${dryRun ? 'asks' : 'does not ask'} for a dry-run by ${name}`, () => assert.equal(asksForDryRun(asked), dryRun));
  }
});

describe('A request', () => {
  const verbs = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'];
  const discovery = {
    find: async (_: string, __: string, resource: string) => ({
      kind: 'X',
      namespaced: resource.split('/')[0] !== 'nodes',
      verbs,
    }),
  } as unknown as Discovery;
  const parse = (method: string, url: string, headers: object = {}) =>
    parseRequest({ method, url, headers, body: Buffer.alloc(0) }, discovery);
  const pods = '/api/v1/namespaces/shop/pods';

  const rows: Record<string, string> = {
    [`GET ${pods}/a`]: 'get',
    [`GET ${pods}`]: 'list',
    [`GET ${pods}?watch=true`]: 'watch',
    [`GET ${pods}?watch=1`]: 'watch',
    [`GET ${pods}?watch=yes`]: 'watch',
    [`GET ${pods}?watch=`]: 'watch',
    [`GET ${pods}?watch`]: 'watch',
    [`GET ${pods}?watch=FALSE`]: 'list',
    [`GET ${pods}?watch=0`]: 'list',
    [`GET ${pods}/a?watch=true`]: 'get',
    [`POST ${pods}`]: 'create',
    [`PUT ${pods}/a`]: 'update',
    [`DELETE ${pods}/a`]: 'delete',
    [`DELETE ${pods}`]: 'deletecollection',
  };
  for (const [line, verb] of Object.entries(rows)) {
    it(`is what the API server makes of it: ${line} is ${verb}`, async () => {
      const [method = '', url = ''] = line.split(' ');
      const parsed = await parse(method, url);
      assert.ok('api' in parsed);
      assert.equal(parsed.api.verb, verb);
      assert.equal(pathOf(parsed), url.split('?')[0]);
    });
  }

  const refused: Record<string, { line: string; headers?: object; status: number }> = {
    'an upgrade': { line: `GET ${pods}/a`, headers: { upgrade: 'websocket' }, status: 403 },
    CONNECT: { line: `CONNECT ${pods}/a`, status: 403 },
    'a patch of an unknown type': { line: `PATCH ${pods}/a`, headers: { contentType: 'application/json' }, status: 415 },
    'another method': { line: `TRACE ${pods}/a`, status: 405 },
    'a write to what is not a resource': { line: 'POST /version', status: 403 },
    'an object of a namespace without one': { line: 'GET /api/v1/pods/a', status: 403 },
    'an object of the cluster inside of a namespace': { line: 'GET /api/v1/namespaces/shop/nodes/a', status: 403 },
  };
  for (const [name, { line, headers, status }] of Object.entries(refused)) {
    it(`is refused: ${name}`, async () => {
      const [method = '', url = ''] = line.split(' ');
      await assert.rejects(parse(method, url, headers), refusedWith(status));
    });
  }

  it('is built again, with every part escaped', () => {
    const odd = request({ name: 'a b?x', apiGroup: '', resource: 'pods' }, { base: 'pods' });
    assert.equal(pathOf(odd), '/api/v1/namespaces/shop/pods/a%20b%3Fx');
    assert.equal(
      buildQuery({ fieldManager: 'a&dryRun=x', force: undefined, dryRun: 'All' }),
      '?fieldManager=a%26dryRun%3Dx&dryRun=All',
    );
    assert.equal(buildQuery({}), '');
  });
});
