import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { changeDigest } from '@sentinel/gateway/testing';
import { admin } from '../lib/cluster.ts';
import { closeTransport, observed, sent, understood } from '../lib/mini-gateway.ts';

// Who owns a field decides what later applies do: no client has a say over it but by an apply. Seen against the real API server; Sentinel itself is not needed here.

const suffix = randomBytes(3).toString('hex');
const namespace = `gw-owners-${suffix}`;
const core = `/api/v1/namespaces/${namespace}`;
const texts = (...objects: object[]) => objects.map((object) => JSON.stringify(object)).join('\n---\n');

before(() => admin.apply(texts({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })));
after(async () => {
  await admin.tryKubectl(['delete', 'namespace', namespace, '--wait=false']);
  await closeTransport();
});

describe('The owner of fields', { concurrency: false }, () => {
  const varint = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...varint(value >> 7)]);
  const bytes = (field: number, ...parts: Uint8Array[]) => {
    const value = Buffer.concat(parts);
    return Buffer.concat([Buffer.from([...varint(field * 8 + 2), ...varint(value.length)]), value]);
  };
  const text = (field: number, value: string) => bytes(field, Buffer.from(value));
  const configMapOf = (name: string, ...more: Uint8Array[]) =>
    Buffer.concat([
      Buffer.from('k8s\0'),
      bytes(1, text(1, 'v1'), text(2, 'ConfigMap')),
      bytes(2, bytes(1, text(1, name), text(3, namespace), ...more), bytes(2, text(1, 'k'), text(2, 'v'))),
    ]);
  const fields = bytes(7, text(1, '{"f:data":{"f:k":{}}}'));
  const forged = bytes(17, text(1, 'argocd-controller'), text(2, 'Apply'), text(3, 'v1'), text(6, 'FieldsV1'), fields);
  const create = (body: Buffer) => understood('POST', `${core}/configmaps`, body, 'application/vnd.kubernetes.protobuf');

  it('is not set by a create in protobuf', async () => {
    const seen = await create(configMapOf('owned', forged));
    const found = await observed(seen).catch((error: unknown) => assert.match(String(error), /metadata.managedFields/));
    if (found) {
      // The API server has taken the fields from the owner that the body names.
      const { metadata } = JSON.parse((await sent(seen, found)).body.toString('utf8')) as {
        metadata: { managedFields: { manager: string }[] };
      };
      assert.deepEqual(
        metadata.managedFields.map(({ manager }) => manager),
        ['sentinel-gateway'],
      );
    }
    const request = await create(configMapOf('plain'));
    assert.equal((await sent(request, await observed(request))).status, 201);
  });

  it('is nobody of an object without fields, which kubectl creates in protobuf', async () => {
    const metadata = bytes(1, text(1, 'empty'), text(3, namespace));
    const empty = Buffer.concat([Buffer.from('k8s\0'), bytes(1, text(1, 'v1'), text(2, 'ConfigMap')), bytes(2, metadata)]);
    const request = await create(empty);
    assert.equal((await sent(request, await observed(request))).status, 201);
  });

  it('counts with the generation that a create in protobuf sets', async () => {
    const generation = Buffer.from([...varint(7 * 8), ...varint(4242)]);
    const [counted, plain] = [
      await observed(await create(configMapOf('g', generation))),
      await observed(await create(configMapOf('g'))),
    ];
    assert.notEqual(changeDigest(counted.changes), changeDigest(plain.changes));
  });

  it('is nobody once the only field that anybody owned is removed', async () => {
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'only', namespace, labels: { a: 'x' } } };
    await admin.kubectl(['create', '-f', '-'], { input: JSON.stringify(object) });
    const body = { metadata: { labels: { a: null } } };
    const request = await understood('PATCH', `${core}/configmaps/only`, body, 'application/merge-patch+json');
    const found = await observed(request);
    assert.deepEqual(found.changes, [{ path: '/metadata/labels', before: { a: 'x' }, after: undefined }]);
    const answer = await sent(request, found);
    assert.equal(answer.status, 200, answer.body.toString('utf8'));
    assert.equal(JSON.parse(answer.body.toString('utf8')).metadata.managedFields, undefined);
  });

  it('is the gateway for every write that is not an apply', async () => {
    await admin.apply(texts({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'owner', namespace }, data: { a: '1' } }));
    const url = `${core}/configmaps/owner?fieldManager=before-first-apply`;
    const request = await understood('PATCH', url, { data: { a: '2' } }, 'application/merge-patch+json');
    const answer = await sent(request, await observed(request));
    const { metadata } = JSON.parse(answer.body.toString('utf8')) as { metadata: { managedFields: { manager: string }[] } };
    const managers = metadata.managedFields.map(({ manager }) => manager);
    assert.deepEqual([managers.includes('sentinel-gateway'), managers.includes('before-first-apply')], [true, false]);
  });
});
