import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compared } from '../object/normalize.ts';
import { Refused } from '../request/refused.ts';
import { APPLY, FIELD_MANAGER, managerOf, requireOwnOwner } from './ownership.ts';
import { request } from './request.fixture.ts';

const query = new Map([['fieldManager', 'argocd-controller']]);
const own = { manager: FIELD_MANAGER, operation: 'Update', apiVersion: 'v1' };

describe('The owner of the fields', () => {
  it('is the gateway, whatever a plain write says', () => {
    for (const contentType of ['', 'application/json', 'application/merge-patch+json', 'application/json-patch+json'])
      assert.equal(managerOf(request({}, { query, contentType })), FIELD_MANAGER);
  });
  it('is the manager of an apply, which is part of its change', () =>
    assert.equal(managerOf(request({}, { query, contentType: APPLY })), 'argocd-controller'));

  it('may be no other one after a create of which the body cannot be read', () => {
    requireOwnOwner({ metadata: { managedFields: [own] } });
    // What `kubectl create configmap empty` makes.
    const bare = { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'empty', namespace: 'shop', uid: 'u' } };
    requireOwnOwner(bare);
    for (const more of [{ data: { a: 'b' } }, { metadata: { ...bare.metadata, labels: { a: 'b' } } }])
      assert.throws(() => requireOwnOwner({ ...bare, ...more }), Refused);
    for (const managedFields of [
      undefined,
      [],
      [own, { ...own, manager: 'argocd-controller' }],
      [{ ...own, manager: 'argocd-controller' }],
      [{ ...own, operation: 'Apply' }],
    ])
      assert.throws(
        () => requireOwnOwner({ metadata: { managedFields }, data: { a: 'b' } }),
        (error) => error instanceof Refused && error.status === 403,
      );
  });
});

it('The generation of an object is part of the change where the body that created it cannot be read', () => {
  const given = request(
    { verb: 'create', apiGroup: '', resource: 'configmaps' },
    { base: 'configmaps', contentType: 'application/vnd.kubernetes.protobuf', body: Buffer.from('k8s') },
  );
  const { after } = compared(given, undefined, { metadata: { name: 'pb', generation: 4242 } });
  assert.deepEqual(after, { metadata: { name: 'pb', generation: 4242 } });
});
