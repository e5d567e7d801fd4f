import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseQuery } from '../request/query.ts';
import { changeDigest, changesBetween } from './change.ts';
import { describeEffect } from './describe.ts';
import { APPLY, asRequested, managersThatLose } from './ownership.ts';
import { withPutBack } from './put-back.ts';
import { request } from './request.fixture.ts';

const apply = (query: string) =>
  request({}, { contentType: APPLY, query: parseQuery(query), body: Buffer.from('{"spec":{"replicas":2}}') });
const live = { spec: { replicas: 1 } };
const changes = changesBetween(live, { spec: { replicas: 2 } });
const digest = (query: string) => changeDigest(asRequested(apply(query), changes));
const show = (query: string, more: object = {}) =>
  describeEffect(apply(query), { name: 'web', uid: 'u', changes: asRequested(apply(query), changes), ...more });

describe('A server-side apply', () => {
  it('is another change with force, and by another manager', () => {
    const one = digest('?fieldManager=kubectl');
    assert.notEqual(one, digest('?fieldManager=kubectl&force=true'));
    assert.notEqual(one, digest('?fieldManager=argocd'));
    assert.notEqual(one, changeDigest(asRequested(request(), changes)));
    assert.equal(one, digest('?fieldManager=kubectl&force=false'));
  });

  it('reads force as the API server does', () => {
    for (const value of ['force', 'force=', 'force=1', 'force=yes'])
      assert.equal(digest(`?fieldManager=kubectl&${value}`), digest('?fieldManager=kubectl&force=true'));
  });

  it('shows its manager and whether it forces, before everything else', () => {
    const owner = (force: boolean) => ({
      path: '/metadata/managedFields',
      after: JSON.stringify({ manager: 'kubectl', force, operation: 'Apply' }),
    });
    const replicas = { path: '/spec/replicas', before: '1', after: '2' };
    assert.deepEqual(show('?fieldManager=kubectl').change, [owner(false), replicas]);
    assert.deepEqual(show('?fieldManager=kubectl&force=true').change, [owner(true), replicas]);
  });

  it('is no effect where no field changes', () => assert.deepEqual(asRequested(apply('?fieldManager=kubectl'), []), []));

  it('keeps its manager as a second write of a rehearsal', () => {
    for (const rehearsed of [undefined, null, live])
      assert.deepEqual(withPutBack(apply('?fieldManager=kubectl'), rehearsed, live, changes)[0]?.applied, {
        manager: 'kubectl',
        force: false,
      });
    const back = withPutBack(apply('?fieldManager=kubectl'), live, { spec: { replicas: 2 } }, []);
    assert.deepEqual(back, [{ path: '/spec/replicas', before: 1, after: 2, applied: { manager: 'kubectl', force: false } }]);
  });

  const managed = (...entries: readonly (readonly [string, object])[]) => ({
    metadata: { managedFields: entries.map(([manager, fieldsV1]) => ({ manager, operation: 'Apply', fieldsV1 })) },
  });
  const replicas = { 'f:spec': { 'f:replicas': {} } };

  it('says in a note from whom it takes fields', () => {
    const before = managed(['hpa', replicas], ['helm', replicas], ['kubectl', replicas]);
    const after = managed(['helm', replicas], ['kubectl', {}]);
    assert.deepEqual(managersThatLose(before, after, 'kubectl'), ['hpa']);
    assert.deepEqual(show('?fieldManager=kubectl&force=true', { live: before, result: after }).notes, [
      'Server-side apply with force: "kubectl" takes fields from "hpa".',
    ]);
    assert.deepEqual(managersThatLose(before, before, 'kubectl'), []);
    assert.deepEqual(managersThatLose(undefined, after, 'kubectl'), []);
  });
});
