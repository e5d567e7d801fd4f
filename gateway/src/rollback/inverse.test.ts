import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { applyChanges, changesBetween } from '../effect/change.ts';
import { asRequested } from '../effect/ownership.ts';
import { request } from '../effect/request.fixture.ts';
import { inverseOf, notRestored } from './inverse.ts';

describe('The inverse of a change', () => {
  const restartedAt = 'kubectl.kubernetes.io/restartedAt';
  const now = '2026-11-30T08:00:00.000Z';
  const was = { spec: { template: { metadata: { labels: { a: 'b' } } } } };
  const is = { spec: { template: { metadata: { labels: { a: 'b' }, annotations: { [restartedAt]: now } } } } };
  const restarted = () => asRequested(request(), changesBetween(was, is), Date.parse(now));

  it('removes the map that a restart added', () => {
    const changes = restarted();
    assert.equal(changes[0]?.path, '/spec/template/metadata/annotations/kubectl.kubernetes.io~1restartedAt');
    assert.deepEqual(applyChanges(is, inverseOf(is, changes, was)), was);
  });

  it('leaves the map when somebody has put something there since', () => {
    const changes = restarted();
    const live = applyChanges(is, [{ path: '/spec/template/metadata/annotations/theirs', after: 'x' }]);
    assert.deepEqual(applyChanges(live, inverseOf(live, changes, was)), {
      spec: { template: { metadata: { labels: { a: 'b' }, annotations: { theirs: 'x' } } } },
    });
  });

  it('leaves an empty map that existed before, and entries of lists', () => {
    for (const before of [{ spec: { map: {} } }, { spec: { list: [{}] } }]) {
      const path = 'map' in before.spec ? '/spec/map/a' : '/spec/list/0/a';
      const now = applyChanges(before, [{ path, after: 1 }]);
      assert.deepEqual(applyChanges(now, inverseOf(now, [{ path, before: undefined, after: 1 }], before)), before);
    }
  });

  it('removes maps inside of maps', () => {
    const now = { spec: { a: { b: { c: 1 } } } };
    const changes = [{ path: '/spec/a/b/c', before: undefined, after: 1 }];
    assert.deepEqual(applyChanges(now, inverseOf(now, changes, { spec: {} })), { spec: {} });
  });
});

describe('What a rollback stored is judged by the pre-image', () => {
  const preImage = { spec: { type: 'ClusterIP', ports: [{ port: 80 }] } };
  const now = { spec: { type: 'NodePort', ports: [{ port: 80, nodePort: 31000 }] } };
  const changes = [{ path: '/spec/type', before: 'ClusterIP', after: 'NodePort' }];
  const wanted = applyChanges(now, inverseOf(now, changes, preImage));
  const judge = (stored: unknown, isBusy = false) => notRestored({ stored, wanted, preImage, changes, isBusy });

  it('so that a field which goes with another one is not a fault', () => assert.equal(judge(preImage), undefined));

  it('and any other value of somebody is', () => {
    assert.equal(judge({ spec: { ...preImage.spec, sessionAffinity: 'ClientIP' } }), '/spec/sessionAffinity');
    assert.equal(judge({ spec: { ...preImage.spec, type: 'LoadBalancer' } }), '/spec/type');
  });

  it('and in a busy object only the fields of the run count', () => {
    assert.equal(judge({ spec: { ...preImage.spec, sessionAffinity: 'ClientIP' } }, true), undefined);
    assert.equal(judge({ spec: { ...preImage.spec, type: 'LoadBalancer' } }, true), '/spec/type');
  });
});
