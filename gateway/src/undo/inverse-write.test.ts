import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Entry } from '../ledger/entry.ts';
import { patched } from './entry.fixture.ts';
import { hasCreated, inverseFor, inverseWithoutObject } from './inverse-write.ts';

const WEB = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', uid: 'u', resourceVersion: '9' } };
type Fields = Record<string, unknown>;
const web = (fields: Fields, metadata: object = {}): Fields => ({
  ...WEB,
  metadata: { ...WEB.metadata, ...metadata },
  ...fields,
});

const bodyOf = (inverse: { request: { body: Buffer } | undefined }) =>
  JSON.parse((inverse.request ?? assert.fail('nothing is written')).body.toString('utf8')) as unknown;

describe('The inverse of an effect', () => {
  const was = web({ spec: { replicas: 1 }, note: 'a' });
  const is = web({ spec: { replicas: 3 }, note: 'b', extra: { x: '1' } });

  it('restores each field that is as the run made it, and removes maps that the run added', () => {
    const inverse = inverseFor(patched(was, is), is);
    assert.deepEqual(inverse.left, []);
    assert.equal(inverse.request?.method, 'PATCH');
    assert.deepEqual(bodyOf(inverse), [
      { op: 'replace', path: '/spec/replicas', value: 1 },
      { op: 'replace', path: '/note', value: 'a' },
      { op: 'remove', path: '/extra/x' },
      { op: 'remove', path: '/extra' },
    ]);
  });

  it('leaves fields that others changed since, and maps to which others added', () => {
    const now = web({ spec: { replicas: 5 }, note: 'b', extra: { x: '1', y: 'of others' } });
    const inverse = inverseFor(patched(was, is), now);
    assert.deepEqual(inverse.left, [{ path: '/spec/replicas', why: 'others changed it since' }]);
    assert.deepEqual(bodyOf(inverse), [
      { op: 'replace', path: '/note', value: 'a' },
      { op: 'remove', path: '/extra/x' },
    ]);
  });

  it('leaves what the approved plan leaves, although it could be restored again', () => {
    const inverse = inverseFor(patched(was, is), is, new Set(['/spec/replicas']));
    assert.deepEqual(inverse.left, []);
    assert.ok(!JSON.stringify(bodyOf(inverse)).includes('replicas'));
  });

  it('writes nothing where everything is as before, or where others changed everything', () => {
    assert.deepEqual(inverseFor(patched(was, is), was), { request: undefined, left: [] });
    const others = inverseFor(patched(was, is), web({ spec: { replicas: 7 }, note: 'c', extra: { x: '2' } }));
    assert.equal(others.request, undefined);
    assert.equal(others.left.length, 3);
  });

  it('leaves entries of a list that was reordered since', () => {
    const list = (...names: string[]) => web({ spec: { list: names.map((name) => ({ name, value: name })) } });
    const changed = list('a', 'b');
    ((changed.spec as { list: { value: string }[] }).list[0] ?? assert.fail()).value = 'new';
    const now = web({
      spec: {
        list: [
          { name: 'b', value: 'new' },
          { name: 'a', value: 'a' },
        ],
      },
    });
    const inverse = inverseFor(patched(list('a', 'b'), changed), now);
    assert.equal(inverse.request, undefined);
    assert.equal(inverse.left.length, 1);
  });

  it('leaves another object of the same name', () => {
    assert.deepEqual(inverseFor(patched(was, is), web({}, { uid: 'another' })).left, [
      { why: 'another object has this name now' },
    ]);
    const created = patched(was, is, { verb: 'create' }, { stored: { uid: 'other', resourceVersion: '1' } });
    assert.deepEqual(inverseFor(created, is).left, [{ why: 'another object has this name now' }]);
  });

  it('is an update for an update: its account may have no right to patch', () => {
    const inverse = inverseFor(patched(was, is, { verb: 'update' }), is);
    assert.equal(inverse.request?.method, 'PUT');
    assert.deepEqual(bodyOf(inverse), web({ spec: { replicas: 1 }, note: 'a' }));
  });

  it('does not exist for what is gone for good, accepted by a person, or rolled back already', () => {
    const of = (target: object, more: Partial<Entry> = {}) => inverseWithoutObject(patched(was, is, target, more));
    assert.match(of({ verb: 'delete' })?.left[0]?.why ?? '', /^a deleted object cannot be restored/);
    assert.match(of({}, { state: 'Accepted' })?.left[0]?.why ?? '', /a person accepted what is stored/);
    assert.deepEqual(of({}, { rollback: 'Restored' }), { request: undefined, left: [] });
    assert.deepEqual(of({}, { state: 'Refused' }), { request: undefined, left: [] });
    assert.equal(of({}), undefined);
  });

  it('knows what an apply created', () => {
    assert.equal(hasCreated(patched(was, is)), false);
    assert.equal(hasCreated(patched(was, is, { uid: undefined })), true);
  });
});
