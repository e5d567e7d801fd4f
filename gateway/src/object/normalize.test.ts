import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { request } from '../effect/request.fixture.ts';
import type { ParsedRequest } from '../request/parse.ts';
import { compared } from './normalize.ts';

const metadata = { name: 'a', labels: { a: 'b' } };
const kept = {
  uid: 'u-1',
  resourceVersion: '7',
  generation: 2,
  managedFields: [],
  creationTimestamp: 'x',
  selfLink: 'x',
  deletionTimestamp: 'x',
  deletionGracePeriodSeconds: 3,
};
const object = (more: object = {}) => ({
  metadata: { ...metadata, ...kept },
  spec: { replicas: 1 },
  status: { ready: 1 },
  ...more,
});

/** A write of a resource; without `group` of the core group. */
function write(verb: string, resource: string, body: unknown, more: { group?: string; hasStatus?: boolean } = {}): ParsedRequest {
  const { group = '', hasStatus = true } = more;
  const [base = '', subresource] = resource.split('/');
  const info = { kind: 'X', namespaced: true, verbs: [verb], hasStatus };
  const contentType = verb === 'patch' ? 'application/merge-patch+json' : 'application/json';
  return request(
    { verb, apiGroup: group, resource },
    { base, subresource, info, contentType, body: Buffer.from(JSON.stringify(body)) },
  );
}
const after = (asked: ParsedRequest, live: unknown, result: unknown) => compared(asked, live, result).after;

describe('What is compared of an object', () => {
  it('is nothing that the server keeps for itself', () =>
    assert.deepEqual(compared(write('patch', 'configmaps', {}), object(), object()), {
      before: { metadata, spec: { replicas: 1 } },
      after: { metadata, spec: { replicas: 1 } },
    }));
  it('is left as it was', () => {
    const [live, result] = [object(), object()];
    compared(write('patch', 'configmaps', {}), live, result);
    assert.deepEqual([live, result], [object(), object()]);
  });
  it('is the missing object as it is', () =>
    assert.equal(compared(write('create', 'jobs', {}), undefined, object()).before, undefined));
  it('is the metadata inside of a template in full', () => {
    const spec = { template: { metadata: kept } };
    assert.deepEqual(after(write('patch', 'deployments', {}), object(), object({ spec })), { metadata, spec });
  });

  const status: Record<string, { asked: ParsedRequest; has: boolean }> = {
    'not the status of a kind with the subresource': { asked: write('update', 'pods', {}), has: false },
    'the status of a kind without it': { asked: write('update', 'widgets', {}, { hasStatus: false }), has: true },
    'the status that a write to the subresource sets': { asked: write('update', 'pods/status', {}), has: true },
    'the status that an approval sets': { asked: write('update', 'certificatesigningrequests/approval', {}), has: true },
    'not the status of a scale': { asked: write('patch', 'deployments/scale', {}), has: false },
    'not the status of a pod that gets a container': { asked: write('patch', 'pods/ephemeralcontainers', {}), has: false },
    'the status of a new node': { asked: write('create', 'nodes', {}), has: true },
    'not that of a node that is changed': { asked: write('update', 'nodes', {}), has: false },
  };
  for (const [name, { asked, has }] of Object.entries(status))
    it(`is ${name}`, () => assert.equal('status' in (after(asked, object(), object()) as object), has));
});

describe('The generation of an object', () => {
  const asked = (generation?: number) => write('create', 'configmaps', { metadata: { name: 'a', generation } });
  it('is compared where a create sets it', () =>
    assert.deepEqual(after(asked(7), undefined, { metadata: { name: 'a', generation: 7 } }), {
      metadata: { name: 'a', generation: 7 },
    }));
  it('is not where the server counts it', () => {
    for (const given of [undefined, 7])
      assert.deepEqual(after(asked(given), undefined, { metadata: { name: 'a', generation: 1 } }), { metadata: { name: 'a' } });
  });
});

describe('Addresses and ports of a Service', () => {
  const service = (verb: string, spec: object) => write(verb, 'services', { spec });
  const port = (port: number, nodePort?: number) => ({ port, ...(nodePort === undefined ? {} : { nodePort }) });
  const specAfter = (asked: ParsedRequest, live: unknown, spec: object) =>
    (after(asked, live, { spec }) as { spec: object }).spec;
  const placeholders = {
    clusterIP: '10.96.0.0',
    clusterIPs: ['10.96.0.0'],
    healthCheckNodePort: 32771,
    ports: [port(80, 32769)],
  };

  it('are not compared where the server assigns them', () => {
    for (const stated of [{}, { clusterIP: '', healthCheckNodePort: 0, ports: [port(80, 0)] }])
      assert.deepEqual(specAfter(service('create', stated), undefined, placeholders), { ports: [port(80)] });
  });

  const explicit: Record<string, { stated: object; result: object; compared: object }> = {
    'a node port, beside one that is assigned': {
      stated: { ports: [port(80, 30999), port(81)] },
      result: { ports: [port(80, 30999), port(81, 31000)] },
      compared: { ports: [port(80, 30999), port(81)] },
    },
    'an address': {
      stated: { clusterIP: '10.96.7.7' },
      result: { clusterIP: '10.96.7.7', clusterIPs: ['10.96.7.7'] },
      compared: { clusterIP: '10.96.7.7', clusterIPs: ['10.96.7.7'] },
    },
    'that there is none': {
      stated: { clusterIP: 'None' },
      result: { clusterIP: 'None', clusterIPs: ['None'] },
      compared: { clusterIP: 'None', clusterIPs: ['None'] },
    },
    'one of two addresses': {
      stated: { clusterIPs: ['10.96.7.7'] },
      result: { clusterIP: '10.96.7.7', clusterIPs: ['10.96.7.7', 'fd00::1'] },
      compared: { clusterIP: '10.96.7.7', clusterIPs: ['10.96.7.7', '<assigned>'] },
    },
    'a port for the health checks': {
      stated: { healthCheckNodePort: 30998 },
      result: { healthCheckNodePort: 30998 },
      compared: { healthCheckNodePort: 30998 },
    },
  };
  for (const [name, { stated, result, compared: wanted }] of Object.entries(explicit))
    it(`are compared where the request sets them: ${name}`, () =>
      assert.deepEqual(specAfter(service('create', stated), undefined, result), wanted));

  it('are compared where a patch sets them, and not where it makes the server assign them', () => {
    const live = { spec: { clusterIP: '10.96.7.7', ports: [port(80)] } };
    const spec = { clusterIP: '10.96.7.7', ports: [port(80, 32769)] };
    assert.deepEqual(specAfter(service('patch', { type: 'NodePort' }), live, spec), {
      clusterIP: '10.96.7.7',
      ports: [port(80)],
    });
    assert.deepEqual(specAfter(service('patch', { ports: [port(80, 32769)] }), live, spec), spec);
    const patch = { ...service('patch', {}), contentType: 'application/json-patch+json' };
    const operations = [{ op: 'add', path: '/spec/ports/0/nodePort', value: 32769 }];
    assert.deepEqual(specAfter({ ...patch, body: Buffer.from(JSON.stringify(operations)) }, live, spec), spec);
  });
  it('are compared where the Service has them', () => {
    const live = { spec: { ports: [port(80, 30001), port(81, 30002)] } };
    const swapped = { ports: [port(80, 30002), port(81, 30001)] };
    assert.deepEqual(specAfter(service('patch', {}), live, swapped), swapped);
  });
  it('are those of a Service of the core group alone', () => {
    const knative = write('create', 'services', { spec: {} }, { group: 'serving.knative.dev' });
    assert.deepEqual(specAfter(knative, undefined, placeholders), placeholders);
  });
});

describe('What a new object has of the API server alone', () => {
  it('is the uid of a Job on its pods, there and nowhere else', () => {
    const labels = { 'controller-uid': 'u-1', 'batch.kubernetes.io/controller-uid': 'u-1', app: 'u-1' };
    const job = object({
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { args: ['x u-1'] } } },
    });
    const named = { 'controller-uid': '<uid>', 'batch.kubernetes.io/controller-uid': '<uid>', app: 'u-1' };
    assert.deepEqual(after(write('create', 'jobs', {}, { group: 'batch' }), undefined, job), {
      metadata,
      spec: { selector: { matchLabels: named }, template: { metadata: { labels: named }, spec: { args: ['x u-1'] } } },
    });
    assert.deepEqual(after(write('create', 'jobs', {}, { group: 'example.com' }), undefined, job), { metadata, spec: job.spec });
  });

  it('is the name of the volume with the token of a pod, where the request does not give it', () => {
    const pod = (name: string) => ({
      spec: { volumes: [{ name }, { name: 'data' }], containers: [{ name: 'x', volumeMounts: [{ name }, { name: 'data' }] }] },
    });
    const create = (body: unknown) => write('create', 'pods', body);
    assert.deepEqual(after(create({}), undefined, pod('kube-api-access-7f8mf')), pod('kube-api-access-<random>'));
    for (const [body, name] of [
      [pod('kube-api-access-7f8mf'), 'kube-api-access-7f8mf'],
      [{}, 'kube-api-access-other'],
      [{}, 'other-7f8mf'],
    ] as const)
      assert.deepEqual(after(create(body), undefined, pod(name)), pod(name));
    // The same name, written with escapes.
    const [name, escaped] = ['kube-api-access-7f8mf', '{"spec":{"volumes":[{"name":"kube\\u002dapi-access-7f8mf"}]}}'];
    assert.deepEqual(after({ ...create({}), body: Buffer.from(escaped) }, undefined, pod(name)), pod(name));
  });
});
