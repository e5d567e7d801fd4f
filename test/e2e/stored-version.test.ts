import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { admin, eventually } from '../lib/cluster.ts';
import { closeTransport, observed, sent, understood } from '../lib/mini-gateway.ts';

// A write by another version than the stored one, and a number that JavaScript cannot hold, would change what no answer shows. Seen against the real API server; Sentinel itself is not needed here.

const suffix = randomBytes(3).toString('hex');
const namespace = `gw-version-${suffix}`;
const APPLY = 'application/apply-patch+yaml';
const texts = (...objects: object[]) => objects.map((object) => JSON.stringify(object)).join('\n---\n');

before(() => admin.apply(texts({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })));
after(async () => {
  await admin.tryKubectl(['delete', 'namespace', namespace, '--wait=false']);
  await closeTransport();
});

describe('A resource that is served in two versions', { concurrency: false }, () => {
  // A group of its own: discovery is kept for half a minute.
  const group = `gw-two-${suffix}.example.com`;
  const resource = 'rules';
  const name = `${resource}.${group}`;
  const properties = (fields: object) => ({
    schema: {
      openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties: fields } } },
    },
  });
  const note = { type: 'string' };
  const channel = { type: 'integer', format: 'int64' };
  const path = (version: string, object: string) => `/apis/${group}/${version}/namespaces/${namespace}/${resource}/${object}`;
  const readSpec = async (version: string, object: string) =>
    (JSON.parse(await admin.kubectl(['get', '--raw', path(version, object)])) as { spec: unknown }).spec;

  before(async () => {
    const versions = [
      { name: 'v1', served: true, storage: false, ...properties({ note }) },
      {
        name: 'v2',
        served: true,
        storage: true,
        ...properties({ note, channel, deny: { type: 'array', items: { type: 'string' } } }),
      },
    ];
    await admin.apply(
      texts({
        apiVersion: 'apiextensions.k8s.io/v1',
        kind: 'CustomResourceDefinition',
        metadata: { name },
        spec: { group, scope: 'Namespaced', names: { plural: resource, singular: 'rule', kind: 'Rule' }, versions },
      }),
    );
    for (const version of ['v1', 'v2'])
      await eventually(
        'a new kind',
        async () => (await admin.tryKubectl(['get', `${resource}.${version}.${group}`, '-n', namespace])).code === 0,
      );
    await admin.apply(
      texts({
        apiVersion: `${group}/v2`,
        kind: 'Rule',
        metadata: { name: 'one', namespace },
        spec: { note: 'a', deny: ['everyone'] },
      }),
    );
  });
  after(async () => {
    await admin.tryKubectl(['delete', 'crd', name, '--wait=false']);
  });

  const refused = new RegExp(`kubectl patch ${resource}\\.v2\\.`);
  for (const type of ['application/merge-patch+json', 'application/json-patch+json', APPLY, 'application/json'])
    it(`is not written by the version that lacks fields: ${type}`, async () => {
      const whole = JSON.parse(await admin.kubectl(['get', '--raw', path('v1', 'one')])) as object;
      const applied = { apiVersion: `${group}/v1`, kind: 'Rule', metadata: { name: 'one', namespace }, spec: { note: 'b' } };
      const bodies: Record<string, unknown> = {
        'application/json': { ...whole, spec: { note: 'b' } },
        'application/json-patch+json': [{ op: 'replace', path: '/spec/note', value: 'b' }],
        [APPLY]: applied,
      };
      const url = `${path('v1', 'one')}${type === APPLY ? '?fieldManager=x&force=true' : ''}`;
      const request = await understood(
        type === 'application/json' ? 'PUT' : 'PATCH',
        url,
        bodies[type] ?? { spec: { note: 'b' } },
        type,
      );
      await assert.rejects(observed(request), refused);
      // Neither is what was rehearsed before the storage version changed.
      const { metadata } = whole as { metadata: { uid: string; resourceVersion: string } };
      assert.equal((await sent(request, metadata)).status, 403);
      assert.deepEqual(await readSpec('v2', 'one'), { note: 'a', deny: ['everyone'] });
    });

  it('is written by the version that is stored', async () => {
    const request = await understood('PATCH', path('v2', 'one'), { spec: { note: 'b' } }, 'application/merge-patch+json');
    const found = await observed(request);
    assert.deepEqual(found.changes, [{ path: '/spec/note', before: 'a', after: 'b' }]);
    assert.equal((await sent(request, found)).status, 200);
    assert.deepEqual(await readSpec('v2', 'one'), { note: 'b', deny: ['everyone'] });
  });

  it('is not written where it holds a number that would change', async () => {
    const object = {
      apiVersion: `${group}/v2`,
      kind: 'Rule',
      metadata: { name: 'wide', namespace },
      spec: { note: 'a', channel: 1 },
    };
    await admin.apply(JSON.stringify(object).replace('"channel":1', '"channel":9007199254740993'));
    const live = await admin.kubectl(['get', '--raw', path('v2', 'wide')]);
    const put = await understood('PUT', path('v2', 'wide'), Buffer.from(live.replace('"note":"a"', '"note":"b"')));
    await assert.rejects(observed(put), /the number 9007199254740993 at \/.*channel/);
    const patch = await understood('PATCH', path('v2', 'wide'), { spec: { note: 'b' } }, 'application/merge-patch+json');
    await assert.rejects(observed(patch), /the number 9007199254740993 at \/.*channel/);
    assert.match(await admin.kubectl(['get', '--raw', path('v2', 'wide')]), /"channel":9007199254740993/);
  });

  it('is written in the preferred version where the API server itself serves it', async () => {
    const scaled = { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'x' }, minReplicas: 2, maxReplicas: 5 };
    await admin.apply(
      texts({ apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: { name: 'h', namespace }, spec: scaled }),
    );
    const at = (version: string) => `/apis/autoscaling/${version}/namespaces/${namespace}/horizontalpodautoscalers/h`;
    const annotations = { 'autoscaling.alpha.kubernetes.io/metrics': '[]' };
    const body = { metadata: { annotations } };
    await assert.rejects(
      observed(await understood('PATCH', at('v1'), body, 'application/merge-patch+json')),
      /horizontalpodautoscalers\.v2\.autoscaling/,
    );
    const patch = { spec: { maxReplicas: 6 } };
    const found = await observed(await understood('PATCH', at('v2'), patch, 'application/merge-patch+json'));
    assert.deepEqual(found.changes, [{ path: '/spec/maxReplicas', before: 5, after: 6 }]);
  });
});
