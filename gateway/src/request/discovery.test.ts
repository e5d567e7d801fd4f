import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Transport } from '@sentinel/kube';
import { Discovery } from './discovery.ts';

describe('Discovery', () => {
  const resource = (name: string) => ({ name, kind: 'X', namespaced: true, verbs: ['get'] });
  const lists: Readonly<Record<string, object>> = {
    '/apis/apiregistration.k8s.io/v1/apiservices': { items: [] },
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
      assert.equal((await discovery.find('example.com', 'v1', name)).hasStatus, has));
});
