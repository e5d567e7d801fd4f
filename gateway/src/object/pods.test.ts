import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Effect } from '@sentinel/crds';
import { describeEffect } from '../effect/describe.ts';
import { request } from '../effect/request.fixture.ts';
import { podsOf } from './pods.ts';

const template = { metadata: { labels: { app: 'web', tier: 'front' } } };
const deployment = (replicas: number, running = replicas) => ({
  metadata: { name: 'web', labels: { not: 'these' } },
  spec: { replicas, template },
  status: { replicas: running },
});
// As the API server writes one: what is zero is left out.
const scale = (replicas: number) => ({
  kind: 'Scale',
  spec: replicas === 0 ? {} : { replicas },
  status: { replicas, selector: 'app=web' },
});
const pod = { metadata: { name: 'web-1', labels: { app: 'web' } }, spec: { containers: [] } };
const toScale = request({ resource: 'deployments/scale' }, { subresource: 'scale' });
const toPod = (verb: string) => request({ verb, apiGroup: '', resource: 'pods' }, { base: 'pods' });
const labels = ['app=web', 'tier=front'];

describe('The pods behind an object', () => {
  const rows: Record<string, { asked?: ReturnType<typeof request>; seen: Parameters<typeof podsOf>[1]; pods: unknown }> = {
    'are the replicas, as they are and as they would be': {
      seen: { live: deployment(3), result: deployment(5) },
      pods: { before: 3, after: 5, labels },
    },
    'are those that run, when more run than are wanted': {
      seen: { live: deployment(3, 4), result: deployment(3, 4) },
      pods: { before: 4, after: 3, labels },
    },
    'do not exist before it is created': {
      asked: request({ verb: 'create' }),
      seen: { result: deployment(2) },
      pods: { before: 0, after: 2, labels },
    },
    'do not exist after it is deleted': {
      asked: request({ verb: 'delete' }),
      seen: { live: deployment(2), result: { kind: 'Status' } },
      pods: { before: 2, after: 0, labels },
    },
    'have the labels that they have now, not those that a write gives them': {
      seen: { live: deployment(1), result: { spec: { replicas: 1, template: { metadata: { labels: { app: 'new' } } } } } },
      pods: { before: 1, after: 1, labels },
    },
    'of a scale are those of what it scales': {
      asked: toScale,
      seen: { live: scale(2), result: scale(0), scaled: deployment(2) },
      pods: { before: 2, after: 0, labels },
    },
    'of a scale have unknown labels when what it scales cannot be read': {
      asked: toScale,
      seen: { live: scale(2), result: scale(0) },
      pods: { before: 2, after: 0 },
    },
    'of a pod are itself': {
      asked: toPod('delete'),
      seen: { live: pod, result: pod },
      pods: { before: 1, after: 0, labels: ['app=web'] },
    },
    'of a pod without labels are known to have none': {
      asked: toPod('patch'),
      seen: { live: { metadata: {} }, result: { metadata: {} } },
      pods: { before: 1, after: 1, labels: [] },
    },
    'of a DaemonSet are those that are scheduled': {
      seen: {
        live: { spec: { template }, status: { desiredNumberScheduled: 9 } },
        result: { spec: { template }, status: { desiredNumberScheduled: 9 } },
      },
      pods: { before: 9, after: 9, labels },
    },
    'of a Job are those that run side by side': {
      seen: { live: { spec: { parallelism: 2, template } }, result: { spec: { parallelism: 4, template } } },
      pods: { before: 2, after: 4, labels },
    },
    'of a workload of another maker count as well': {
      seen: { live: { spec: { replicas: 3 } }, result: { spec: { replicas: 3 } } },
      pods: { before: 3, after: 3 },
    },
    'are undefined for a kind without pods': { seen: { live: { data: {} }, result: { data: {} } }, pods: undefined },
    'are undefined for a kind that only looks like a workload': {
      seen: { live: { spec: { replicas: 'many' } }, result: { spec: { replicas: -1 } } },
      pods: undefined,
    },
    'are undefined for a value that is not an object': { seen: { live: 'x', result: null }, pods: undefined },
    'have unknown labels when there are more than a plan holds': {
      seen: {
        live: {
          spec: {
            replicas: 1,
            template: { metadata: { labels: Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`k${i}`, 'v'])) } },
          },
        },
        result: { spec: { replicas: 1 } },
      },
      pods: { before: 1, after: 1 },
    },
    'are a million at most': {
      seen: { live: deployment(2_000_000), result: deployment(1) },
      pods: { before: 1_000_000, after: 1, labels },
    },
  };
  for (const [name, { asked, seen, pods }] of Object.entries(rows))
    it(name, () => assert.deepEqual(podsOf(asked ?? request(), seen), pods));

  it('are part of the effect, in a form that the API server takes', () => {
    const change = { path: '/spec/replicas', before: 3, after: 0 };
    const effect = describeEffect(request(), {
      name: 'web',
      uid: 'u',
      changes: [change],
      live: deployment(3),
      result: deployment(0),
    });
    assert.deepEqual(effect.pods, { before: 3, after: 0, labels });
    assert.deepEqual(Effect.parse({ ...effect, index: 0 }).pods, effect.pods);
  });
});
