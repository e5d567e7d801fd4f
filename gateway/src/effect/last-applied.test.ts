import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Effect } from '@sentinel/crds';
import { computeRisk, LAST_APPLIED } from '@sentinel/policy';
import { changesBetween } from './change.ts';
import { describeEffect } from './describe.ts';
import { request } from './request.fixture.ts';

const KEY = 'kubectl.kubernetes.io/last-applied-configuration';
const applied = <T extends object>(object: T) => ({
  ...object,
  metadata: {
    name: 'web',
    annotations: { [KEY]: `${JSON.stringify({ ...object, metadata: { annotations: {}, name: 'web' } })}\n` },
  },
});
const shown = (live: object | undefined, result: object) =>
  describeEffect(request(), { name: 'web', uid: 'u', changes: changesBetween(live, result), live, result });
const ofAnnotation = (live: object | undefined, result: object) =>
  shown(live, result).change?.filter(({ path }) => path.startsWith(LAST_APPLIED));

describe('The annotation of kubectl apply', () => {
  const container = { name: 'web', image: 'a:1' };
  const before = applied({ spec: { replicas: 1, containers: [container] } });

  it('is said to repeat the object where each field that changes in it does', () => {
    const after = applied({ spec: { replicas: 2, containers: [container] } });
    // The API server sets defaults.
    const stored = { ...after, spec: { ...after.spec, strategy: 'RollingUpdate', containers: [{ ...container, tty: false }] } };
    assert.deepEqual(ofAnnotation(before, stored), [{ path: LAST_APPLIED, repeats: true }]);
    const { metadata } = before;
    assert.deepEqual(ofAnnotation(undefined, before), [{ path: LAST_APPLIED, repeats: true }]);
    assert.deepEqual(ofAnnotation(before, { ...before, metadata: { name: metadata.name } }), [
      { path: LAST_APPLIED, repeats: true },
    ]);
  });
  it('repeats a removal where the object has lost the field as well', () => {
    const after = applied({ spec: { containers: [container] } });
    assert.deepEqual(ofAnnotation(before, after), [{ path: LAST_APPLIED, repeats: true }]);
    assert.deepEqual(ofAnnotation(before, { ...after, spec: before.spec }), [
      { path: `${LAST_APPLIED}/spec/replicas`, before: '1' },
    ]);
  });
  it('repeats the removal of what set nothing', () => {
    const without = (object: object) => {
      const text = JSON.stringify({ ...object, metadata: { name: 'web' } });
      return { ...object, metadata: { name: 'web', annotations: { [KEY]: text } } };
    };
    const { metadata: _, ...rest } = before;
    assert.deepEqual(ofAnnotation(before, without(rest)), [{ path: LAST_APPLIED, repeats: true }]);
  });
  // A later apply of a manifest without such a field removes it from the object.
  it('is shown by what it newly says of fields that the write leaves as they are', () => {
    const guarded = { spec: { ...before.spec, securityContext: { runAsNonRoot: true }, nodeName: 'a' } };
    const live = { ...guarded, metadata: before.metadata };
    const all = { ...live, metadata: applied(guarded).metadata };
    const inside = (path: string) => `${LAST_APPLIED}/spec/${path}`;
    assert.deepEqual(ofAnnotation(live, all), [
      { path: inside('nodeName'), after: '"a"' },
      { path: inside('securityContext/runAsNonRoot'), after: 'true' },
    ]);
    const nothing = applied({ spec: { ...before.spec, securityContext: {}, nodeName: null } });
    assert.deepEqual(ofAnnotation(live, { ...live, metadata: nothing.metadata }), [
      { path: inside('nodeName'), after: 'null' },
      { path: inside('securityContext'), after: '{}' },
    ]);
  });
  describe('that is the first one of an object', () => {
    const first = (live: object, copy: object) => {
      const result = { ...live, metadata: { ...applied(copy).metadata, labels: { team: 'a' } } };
      return shown({ ...live, metadata: { name: 'web' } }, { ...result, metadata: { ...result.metadata, name: 'web' } });
    };
    const live = { apiVersion: 'apps/v1', kind: 'Deployment', spec: { replicas: 1, containers: [container] } };
    const inside = ({ change = [] }: { change?: readonly { path: string }[] | undefined }) =>
      change.map(({ path }) => path).filter((path) => path.startsWith(LAST_APPLIED));

    it('shows each field of others that `kubectl apply` manages from now on, and says so', () => {
      const effect = first(live, { apiVersion: 'apps/v1', kind: 'Deployment', spec: live.spec });
      assert.deepEqual(inside(effect), [`${LAST_APPLIED}/spec/containers`, `${LAST_APPLIED}/spec/replicas`]);
      assert.match(effect.notes?.join() ?? '', /`kubectl apply` manages this object from now on/);
    });
    it('repeats the object where it holds nothing of others', () => {
      const effect = first(live, { apiVersion: 'apps/v1', kind: 'Deployment' });
      assert.deepEqual(inside(effect), [LAST_APPLIED]);
    });
    it('is no adoption where the object is created with it, or had one before', () => {
      assert.deepEqual(shown(undefined, before).notes, []);
      assert.deepEqual(shown(before, applied({ spec: { replicas: 2, containers: [container] } })).notes, []);
    });
    it('is of at least medium risk', () => {
      const effect = { ...first(live, { spec: live.spec }), index: 0 } as Effect;
      const facts = { undeclared: [], notObservable: [], environment: 'staging', floor: undefined };
      assert.equal(computeRisk({ ...facts, effects: [effect] }).level, 'Medium');
    });
  });
  it('repeats the object as it was where the annotation goes', () =>
    assert.deepEqual(ofAnnotation(before, { spec: { replicas: 9 }, metadata: { name: 'web' } }), [
      { path: LAST_APPLIED, repeats: true },
    ]));
  it('is shown by the fields in which it is another object', () => {
    const after = applied({ spec: { replicas: 7, containers: [{ ...container, image: 'evil:1' }], extra: { a: 'b' } } });
    assert.deepEqual(ofAnnotation(before, { ...after, spec: { ...before.spec, replicas: 7 } }), [
      { path: `${LAST_APPLIED}/spec/containers/0/image`, before: '"a:1"', after: '"evil:1"' },
      { path: `${LAST_APPLIED}/spec/extra/a`, after: '"b"' },
    ]);
  });
  it('hides what names hide, in it as everywhere', () => {
    const env = (value: string) => [{ name: 'DB_PASSWORD', value }];
    const [old, young] = [
      applied({ data: { token: 'a' }, env: env('a') }),
      applied({ data: { token: 'hunter2' }, env: env('hunter2') }),
    ];
    const found = ofAnnotation(old, { ...young, data: {}, env: [] });
    assert.deepEqual(
      found?.map(({ path, after, redacted }) => [path.slice(LAST_APPLIED.length), after, redacted]),
      [
        ['/data/token', '"<redacted>"', true],
        ['/env/0/value', '"<redacted>"', true],
      ],
    );
  });
  it('is not said to repeat the object if nothing was compared with it', () => {
    const spelled = (text: string) => ({ metadata: { name: 'web', annotations: { [KEY]: text } } });
    const [found, ...more] = ofAnnotation(spelled('{"evil": 1}'), spelled('{ "evil": 1 }')) ?? [];
    assert.deepEqual([found?.path, found?.redacted, found?.repeats, more], [LAST_APPLIED, true, undefined, []]);
    assert.deepEqual(ofAnnotation(spelled('{}'), spelled('{"n":9007199254740993}'))?.[0]?.repeats, undefined);
  });
  it('is shown by itself where it goes with all annotations', () =>
    assert.deepEqual(
      ofAnnotation({ ...before, spec: { replicas: 9 } }, { metadata: { name: 'web' } })?.map(({ path, before }) => [
        path,
        before,
      ]),
      [
        [`${LAST_APPLIED}/spec/containers`, '[{"name":"web","image":"a:1"}]'],
        [`${LAST_APPLIED}/spec/replicas`, '1'],
      ],
    ));
  it('is shown as it is where it holds something else', () => {
    const text = (value: string) => ({ metadata: { annotations: { [KEY]: value } } });
    assert.deepEqual(ofAnnotation(text('x'), text('[]')), [{ path: LAST_APPLIED, before: '"x"', after: '"[]"' }]);
  });
});
