import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compared } from '../object/normalize.ts';
import type { ParsedRequest } from '../request/parse.ts';
import { changesBetween } from './change.ts';
import { asRequested } from './ownership.ts';
import { persistedDifferences } from './persisted.ts';
import { request } from './request.fixture.ts';

const NOW = Date.parse('2026-01-01T12:00:00Z');
const metadata = (resourceVersion: string) => ({ name: 'web', uid: 'u', resourceVersion, generation: Number(resourceVersion) });
const patched = (body: unknown) =>
  request({}, { contentType: 'application/merge-patch+json', body: Buffer.from(JSON.stringify(body)) });
const observe = (asked: ParsedRequest, live: unknown, result: unknown) => {
  const { before, after } = compared(asked, live, result);
  return { uid: 'u', resourceVersion: '1', live, result, changes: asRequested(asked, changesBetween(before, after), NOW) };
};

describe('What persists of a write', () => {
  const live = { metadata: metadata('1'), spec: { replicas: 0 }, status: { ready: 0 } };
  const result = { metadata: metadata('1'), spec: { replicas: 1 }, status: { ready: 0 } };
  const body = patched({ spec: { replicas: 1 } });
  const differences = (persisted: unknown, asked = body) => persistedDifferences(asked, observe(asked, live, result), persisted);

  it('is what the dry-run promised, whatever the server counts', () =>
    assert.deepEqual(differences({ metadata: metadata('2'), spec: { replicas: 1 }, status: { ready: 1 } }), []));
  it('is reported where a policy that does not act in a dry-run changed it', () =>
    assert.deepEqual(differences({ metadata: metadata('2'), spec: { replicas: 5 } }), [
      { path: '/spec/replicas', before: 1, after: 5 },
    ]));
  it('is reported where something was added or taken out', () =>
    assert.deepEqual(differences({ metadata: { ...metadata('2'), labels: { a: 'b' } }, spec: {} }), [
      { path: '/metadata/labels', before: undefined, after: { a: 'b' } },
      { path: '/spec/replicas', before: 1, after: undefined },
    ]));
  it('is reported where the answer is no object', () => assert.equal(differences(undefined).length, 1));
  it('is nothing to compare after a delete', () =>
    assert.deepEqual(differences({ kind: 'Status' }, request({ verb: 'delete' })), []));

  it('includes the status of a kind without the subresource', () => {
    const asked = { ...body, info: { ...body.info, hasStatus: false } };
    assert.deepEqual(differences({ ...result, status: { ready: 1 } }, asked), [{ path: '/status/ready', before: 0, after: 1 }]);
  });

  it('may have the precondition of the gateway in what kubectl keeps of an apply, and nothing else there', () => {
    const kept = (value: object, data = 'a') => ({
      metadata: {
        annotations: { 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({ metadata: value, data }) },
      },
    });
    const seen = observe(body, live, kept({ name: 'web' }));
    assert.deepEqual(persistedDifferences(body, seen, kept({ name: 'web', uid: 'u', resourceVersion: '1' })), []);
    for (const other of [kept({ name: 'web', uid: 'x' }), kept({ name: 'web', more: 'x' }), kept({ name: 'web' }, 'b')])
      assert.equal(persistedDifferences(body, seen, other).length, 1);
  });

  it('may be another time only where the request sets the current one', () => {
    const annotations = (restartedAt: string, other: string) => ({
      spec: { template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': restartedAt, other } } } },
    });
    const [first, later] = ['2026-01-01T12:00:00Z', '2026-01-01T12:00:01Z'] as const;
    const before = { spec: { template: { metadata: { annotations: { a: 'b' } } } } };
    const seen = observe(body, before, annotations(first, first));
    assert.deepEqual(persistedDifferences(body, seen, annotations(later, first)), []);
    assert.deepEqual(
      persistedDifferences(body, seen, annotations('never', later)).map(({ path }) => path),
      ['/spec/template/metadata/annotations/kubectl.kubernetes.io~1restartedAt', '/spec/template/metadata/annotations/other'],
    );
  });
});

describe('What persists of a new object', () => {
  const create = (resource: string, group: string, body: unknown) =>
    request({ verb: 'create', apiGroup: group, resource }, { base: resource, body: Buffer.from(JSON.stringify(body)) });
  const service = (clusterIP: string, nodePort: unknown, explicit: number) => ({
    metadata: metadata('1'),
    spec: {
      clusterIP,
      clusterIPs: [clusterIP],
      ports: [
        { port: 80, nodePort },
        { port: 81, nodePort: explicit },
      ],
    },
  });
  const asked = create('services', '', { spec: { ports: [{ port: 80 }, { port: 81, nodePort: 30999 }] } });
  const seen = observe(asked, undefined, service('10.96.0.0', 32769, 30999));

  it('may have other addresses and ports than the placeholders of the dry-run', () =>
    assert.deepEqual(persistedDifferences(asked, seen, service('10.96.4.2', 30627, 30999)), []));
  it('has those that the request sets, and none that is missing', () => {
    const [found, ...more] = persistedDifferences(asked, seen, service('10.96.4.2', 30627, 31000));
    assert.deepEqual([found?.path, found?.before, found?.after, more], ['/spec/ports/1/nodePort', 30999, 31000, []]);
    for (const other of ['x', undefined])
      assert.deepEqual(
        persistedDifferences(asked, seen, service('10.96.4.2', other, 30999)).map(({ path }) => path),
        ['/spec/ports/0/nodePort'],
      );
  });

  it('is a Job with its own uid, and a pod with a volume of its own', () => {
    const job = (uid: string) => ({
      metadata: { name: 'j', uid, labels: { 'controller-uid': uid } },
      spec: { selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } } },
    });
    const jobs = create('jobs', 'batch', {});
    assert.deepEqual(persistedDifferences(jobs, observe(jobs, undefined, job('u-1')), job('u-2')), []);
    const pod = (name: string) => ({ metadata: { name: 'p' }, spec: { volumes: [{ name }] } });
    const pods = create('pods', '', {});
    assert.deepEqual(
      persistedDifferences(pods, observe(pods, undefined, pod('kube-api-access-7f8mf')), pod('kube-api-access-mdf24')),
      [],
    );
  });
});
