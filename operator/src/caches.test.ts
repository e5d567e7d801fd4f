import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KubeObject } from '@sentinel/kube';
import { silentLogger } from '@sentinel/kube';
import { listOf, scriptedServer, watchOf } from '@sentinel/kube/testing';
import { createCaches } from './caches.ts';

const copy = 'kubectl.kubernetes.io/last-applied-configuration';
const stored = {
  apiVersion: '',
  kind: '',
  metadata: {
    name: 'x',
    namespace: 'shop',
    uid: 'u',
    resourceVersion: '5',
    annotations: { [copy]: '{"spec":{}}', note: 'n' },
    managedFields: [{ manager: 'kubectl' }],
  },
  spec: { intent: {} },
};

/** What a cache keeps of an object, and how it asked for the list. */
async function kept(name: 'actions' | 'playbooks' | 'policies' | 'clusterPolicies' | 'namespaces', object: object = stored) {
  const server = await scriptedServer({ list: [listOf('10', object as never)], watch: [watchOf([])] });
  const cache = createCaches(server.client, silentLogger)[name];
  const stop = new AbortController();
  const running = cache.start(stop.signal);
  try {
    await cache.synced;
    const [found] = cache.store.list() as KubeObject[];
    return { metadata: found?.metadata, list: server.requests[0] ?? '' };
  } finally {
    stop.abort();
    await running;
    await server.close();
  }
}

describe('What the operator keeps of all namespaces', () => {
  for (const name of ['playbooks', 'policies', 'clusterPolicies'] as const)
    it(`has no field managers and no copy that kubectl apply wrote: ${name}`, async () => {
      const { metadata } = await kept(name);
      assert.deepEqual([metadata?.annotations, metadata?.managedFields], [{ note: 'n' }, undefined]);
    });

  it('has the annotations of an action as they are, because its size is measured by them', async () => {
    const { metadata } = await kept('actions');
    assert.deepEqual([metadata?.annotations, metadata?.managedFields], [stored.metadata.annotations, undefined]);
  });

  it('has no annotations if the object has no annotations', async () => {
    const { annotations: _, ...metadata } = stored.metadata;
    assert.equal('annotations' in ((await kept('playbooks', { ...stored, metadata })).metadata ?? {}), false);
  });

  // A page is in memory several times while it is read, and an object may have 1.4 MB: at a start, all of them come at once.
  for (const name of ['actions', 'playbooks', 'policies', 'clusterPolicies'] as const)
    it(`is listed in small pages: ${name}`, async () => assert.match((await kept(name)).list, /[?&]limit=32(&|$)/));
});
