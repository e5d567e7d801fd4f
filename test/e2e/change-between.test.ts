import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { changeDigest, describeEffect, persistedDifferences } from '@sentinel/gateway/testing';
import { admin, eventually } from '../lib/cluster.ts';
import { observed, sent, understood } from '../lib/mini-gateway.ts';
import {
  APPLY,
  configMap,
  core,
  deployment,
  makeNamespace,
  namespace,
  removeNamespace,
  suffix,
  texts,
} from '../lib/worlds/plain-namespace.ts';

// Others who write between the rehearsal of a write and the write, and policies that alter it. Sentinel itself is not needed here.

before(makeNamespace);
after(removeNamespace);

describe('Somebody who comes between', { concurrency: false }, () => {
  const apply = (name: string, data: object, query = '?fieldManager=agent&force=true') =>
    understood('PATCH', `${core}/configmaps/${name}${query}`, configMap(name, data), APPLY);

  it('and creates the object that an apply was to create, keeps it', async () => {
    const request = await apply('between', { a: 'agent' });
    const found = await observed(request);
    await admin.apply(texts(configMap('between', { a: 'somebody' })));
    assert.equal((await sent(request, found)).status, 409);
    assert.equal(await admin.kubectl(['get', 'configmap', 'between', '-n', namespace, '-o', 'jsonpath={.data.a}']), 'somebody');
  });

  it('and nobody else, and the apply creates it', async () => {
    const request = await apply('alone', { a: 'agent' });
    assert.equal((await sent(request, await observed(request))).status, 201);
  });

  it('and deletes the object that it should change, does not get it back', async () => {
    const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/held`;
    const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'held', namespace } };
    for (const [method, query, type] of [
      ['PUT', '', 'application/json'],
      ['PATCH', '?fieldManager=agent&force=true', APPLY],
    ] as const) {
      await admin.apply(texts({ ...lease, spec: { holderIdentity: 'a' } }));
      const { metadata } = await admin.get<{ metadata: { resourceVersion: string } }>(['lease', 'held', '-n', namespace]);
      // An update of a Lease must name the version that it was read at.
      const { resourceVersion } = metadata;
      const body = { ...lease, metadata: { ...lease.metadata, resourceVersion }, spec: { holderIdentity: 'b' } };
      const request = await understood(method, path + query, body, type);
      const found = await observed(request);
      await admin.kubectl(['delete', 'lease', 'held', '-n', namespace]);
      assert.equal((await sent(request, found)).status, 409);
      assert.equal((await admin.tryKubectl(['get', 'lease', 'held', '-n', namespace])).code, 1);
    }
  });

  it('and reorders a list, makes another change of a patch by index', async () => {
    await admin.apply(texts(deployment('order')));
    const path = `/apis/apps/v1/namespaces/${namespace}/deployments/order`;
    const operation = { op: 'replace', path: '/spec/template/spec/containers/0/imagePullPolicy', value: 'Always' };
    const request = await understood('PATCH', path, [operation], 'application/json-patch+json');
    const first = await observed(request);
    assert.match(describeEffect(request, first).notes?.join(' ') ?? '', /containers\/0" is the entry with the name "web"/);
    const containers = '/spec/template/spec/containers';
    const move = JSON.stringify([{ op: 'move', from: `${containers}/0`, path: `${containers}/1` }]);
    await admin.kubectl(['patch', 'deployment', 'order', '-n', namespace, '--type=json', '-p', move]);
    assert.notEqual(changeDigest((await observed(request)).changes), changeDigest(first.changes));
  });
});

describe('A mutating policy that acts only when the request is no dry-run', { concurrency: false }, () => {
  const name = `gw-change-${suffix}`;
  const version = 'admissionregistration.k8s.io/v1';
  before(async () => {
    await admin.apply(
      texts(
        deployment('mutated'),
        {
          apiVersion: version,
          kind: 'MutatingAdmissionPolicy',
          metadata: { name },
          spec: {
            matchConstraints: {
              resourceRules: [{ apiGroups: ['apps'], apiVersions: ['v1'], operations: ['UPDATE'], resources: ['deployments'] }],
            },
            matchConditions: [{ name: 'real', expression: "!request.dryRun && object.metadata.name == 'mutated'" }],
            reinvocationPolicy: 'Never',
            mutations: [
              { patchType: 'ApplyConfiguration', applyConfiguration: { expression: 'Object{spec: Object.spec{replicas: 5}}' } },
            ],
          },
        },
        {
          apiVersion: version,
          kind: 'MutatingAdmissionPolicyBinding',
          metadata: { name },
          spec: {
            policyName: name,
            matchResources: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } } },
          },
        },
      ),
    );
  });
  after(async () => {
    await admin.tryKubectl(['delete', 'mutatingadmissionpolicybinding,mutatingadmissionpolicy', name]);
  });

  it('is found by what the API server answers to the real write', async () => {
    const path = `/apis/apps/v1/namespaces/${namespace}/deployments/mutated`;
    let paused = false;
    const differences = await eventually('the policy', async () => {
      paused = !paused;
      const request = await understood('PATCH', path, { spec: { paused, replicas: 1 } }, 'application/merge-patch+json');
      const found = await observed(request);
      const answer = await sent(request, found);
      const all = answer.status < 300 ? persistedDifferences(request, found, JSON.parse(answer.body.toString('utf8'))) : [];
      return all.length > 0 && all;
    });
    assert.deepEqual(differences, [{ path: '/spec/replicas', before: 1, after: 5 }]);
  });
});
