import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { withPrecondition } from './body.ts';
import { parsePath } from './path.ts';
import { parseQuery } from './query.ts';
import { Refused } from './refused.ts';

describe('A path', () => {
  const refused = [
    '/api/v1/namespaces/t1%2fconfigmaps',
    '/api/v1//pods',
    '/api/v1/namespaces/../secrets',
    '/api/v1/namespaces/%2e%2e/secrets',
    '/api/v1/watch/pods',
    '/debug/flags/v',
    '/metrics',
    '/api/v1/namespaces/a/pods/b/exec/c/d',
    '/api/v1/%zz',
    '/api/v1/namespaces/a%00/pods',
  ];
  for (const path of refused) it(`is refused: ${path}`, () => assert.throws(() => parsePath(path), Refused));

  it('is decoded once: an escaped letter is the letter', () => {
    const target = parsePath('/api/v1/namespaces/shop/%63onfigmaps/x');
    assert.deepEqual(target, {
      kind: 'resource',
      group: '',
      version: 'v1',
      namespace: 'shop',
      resource: 'configmaps',
      name: 'x',
      subresource: undefined,
    });
  });

  const shapes: Record<string, object> = {
    '/apis/apps/v1/namespaces/shop/deployments/web/scale': {
      group: 'apps',
      namespace: 'shop',
      resource: 'deployments',
      name: 'web',
      subresource: 'scale',
    },
    '/api/v1/namespaces/shop': { group: '', namespace: undefined, resource: 'namespaces', name: 'shop', subresource: undefined },
    '/api/v1/namespaces/shop/finalize': { resource: 'namespaces', name: 'shop', subresource: 'finalize', namespace: undefined },
    '/api/v1/namespaces/shop/pods': { resource: 'pods', namespace: 'shop', name: undefined },
    '/api/v1/nodes/n1': { resource: 'nodes', namespace: undefined, name: 'n1' },
  };
  for (const [path, expected] of Object.entries(shapes)) {
    it(`is understood: ${path}`, () => assert.partialDeepStrictEqual(parsePath(path), expected));
  }
  for (const path of ['/api', '/apis', '/api/v1', '/apis/apps/v1', '/openapi/v3', '/version']) {
    it(`only informs: ${path}`, () => assert.equal(parsePath(path).kind, 'information'));
  }
});

describe('A query', () => {
  const refused = [
    'dryRun=All;x=1',
    'dryrun=All',
    'dryRun[]=All',
    'dryRun=All&dryRun=All',
    'dryRun=',
    'dryRun=None',
    'orphanDependents=true',
    'fieldManager=a&fieldManager=b',
    'x=%zz',
  ];
  for (const query of refused) it(`is refused: ${query}`, () => assert.throws(() => parseQuery(`?${query}`), Refused));

  it('is read by what is known', () => {
    assert.deepEqual(Object.fromEntries(parseQuery('?labelSelector=a%3Db&limit=500')), { labelSelector: 'a=b', limit: '500' });
  });
});

describe('A precondition', () => {
  it('is a test in front of a JSON patch', () => {
    assert.deepEqual(withPrecondition('application/json-patch+json', [{ op: 'remove', path: '/a' }], '7'), [
      { op: 'test', path: '/metadata/resourceVersion', value: '7' },
      { op: 'remove', path: '/a' },
    ]);
  });

  for (const type of [
    'application/merge-patch+json',
    'application/strategic-merge-patch+json',
    'application/apply-patch+yaml',
    'application/json',
  ]) {
    it(`is the resourceVersion in ${type}`, () => {
      assert.deepEqual(withPrecondition(type, { spec: 1, metadata: { name: 'a' } }, '7'), {
        spec: 1,
        metadata: { name: 'a', resourceVersion: '7' },
      });
    });
  }

  it('is a conflict when the client read an older object', () => {
    assert.throws(
      () => withPrecondition('application/json', { metadata: { resourceVersion: '6' } }, '7'),
      (error) => error instanceof Refused && error.status === 409,
    );
  });
});
