import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Transport } from '@sentinel/kube';
import { Discovery } from './discovery.ts';

describe('Discovery', () => {
  const resource = (name: string) => ({ name, kind: 'X', namespaced: true, verbs: ['get'] });
  const lists: Readonly<Record<string, object>> = {
    '/apis/apiregistration.k8s.io/v1/apiservices': {
      items: ['metrics.k8s.io', 'custom.metrics.k8s.io'].map((group) => ({
        spec: { group, version: 'v1beta1', service: { name: 'x' } },
      })),
    },
    '/apis/metrics.k8s.io/v1beta1': { resources: [resource('pods')] },
    '/apis/custom.metrics.k8s.io/v1beta1': { resources: [resource('pods')] },
    '/apis/example.com/v1': {
      resources: ['widgets', 'widgets/scale', 'gadgets', 'gadgets/status', 'gadgets/scale'].map(resource),
    },
  };
  const request = async ({ path }: { path: string }) => ({
    status: 200,
    headers: {},
    body: Buffer.from(JSON.stringify(lists[path])),
  });
  const discovery = new Discovery({ request } as unknown as Transport);

  for (const [name, has] of Object.entries({ widgets: false, 'widgets/scale': false, gadgets: true, 'gadgets/scale': true }))
    it(`says whether the status is a subresource: ${name} ${has}`, async () =>
      assert.equal((await discovery.find('example.com', 'v1', name, 'PATCH')).hasStatus, has));

  for (const [status, code, http] of [
    [404, 'ResourceUnknown', 403],
    [403, 'ResourceUnknown', 403],
    [429, 'ApiServerUnavailable', 503],
    [503, 'ApiServerUnavailable', 503],
  ] as const)
    it(`tells an API that does not exist from one that is not answered for: HTTP ${status}`, async () => {
      const answering = async ({ path }: { path: string }) =>
        path.includes('apiservices') ? await request({ path }) : { status, headers: {}, body: Buffer.from('{}') };
      const failing = new Discovery({ request: answering } as unknown as Transport);
      await assert.rejects(failing.find('example.com', 'v1', 'gadgets', 'PATCH'), { code, status: http });
    });

  it('lets resource metrics be read, and nothing else of another server', async () => {
    const find = (group: string, method: string) => discovery.find(group, 'v1beta1', 'pods', method);
    assert.equal((await find('metrics.k8s.io', 'GET')).kind, 'X');
    for (const [group, method] of [
      ['metrics.k8s.io', 'POST'],
      ['metrics.k8s.io', 'DELETE'],
      ['custom.metrics.k8s.io', 'GET'],
    ] as const)
      await assert.rejects(find(group, method), /is served by another server/);
  });

  // The answers of an API server of Kubernetes 1.36 look like this.
  const aggregated = (groups: object[]) => ({
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    items: groups,
  });
  const listed = (resource: string, verbs: string[], scope = 'Namespaced') => ({
    resource,
    scope,
    verbs,
    responseKind: { group: '', version: '', kind: resource.toUpperCase() },
  });
  const all = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
  const answers: Record<string, object> = {
    '/api': aggregated([
      {
        metadata: { creationTimestamp: null },
        versions: [
          {
            version: 'v1',
            freshness: 'Current',
            resources: [
              listed('pods', all),
              listed('events', all),
              listed('bindings', ['create']),
              listed('nodes', all, 'Cluster'),
            ],
          },
        ],
      },
    ]),
    '/apis': aggregated([
      {
        metadata: { name: 'apps' },
        versions: [
          { version: 'v2', freshness: 'Current', resources: [listed('deployments', all)] },
          { version: 'v1', freshness: 'Current', resources: [listed('deployments', all), listed('daemonsets', all)] },
        ],
      },
      { metadata: { name: 'custom.example.com' }, versions: [{ version: 'v1', freshness: 'Stale' }] },
      { metadata: { name: 'evidence.sentinel.dev' }, versions: [{ version: 'v1alpha1', freshness: 'Stale' }] },
    ]),
  };
  const collected = async (given: Record<string, object | undefined>) => {
    const answer = async ({ path }: { path: string }) => ({
      status: given[path] ? 200 : 500,
      headers: {},
      body: Buffer.from(JSON.stringify(given[path] ?? {})),
    });
    return await new Discovery({ request: answer } as unknown as Transport).deletable();
  };

  it('tells what the garbage collector works on, each in one version, and which group is not known', async () => {
    const { resources, incomplete } = await collected(answers);
    assert.deepEqual(
      resources.map(({ apiGroup, version, resource, kind, namespaced }) => [apiGroup, version, resource, kind, namespaced]),
      [
        ['', 'v1', 'pods', 'PODS', true],
        ['', 'v1', 'nodes', 'NODES', false],
        ['apps', 'v2', 'deployments', 'DEPLOYMENTS', true],
        ['apps', 'v1', 'daemonsets', 'DAEMONSETS', true],
      ],
    );
    assert.deepEqual(incomplete, ['the kinds of custom.example.com/v1 could not be fetched']);
  });
  for (const missing of [undefined, { kind: 'APIGroupList', groups: [] }])
    it(`says so where they cannot be read: ${JSON.stringify(missing)}`, async () =>
      assert.deepEqual(await collected({ ...answers, '/apis': missing }), {
        resources: [],
        incomplete: ['the kinds of the cluster could not be fetched'],
      }));
});
