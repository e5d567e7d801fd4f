import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { changeDigest, changesBetween, markVolatile } from '../effect/change.ts';
import { describeEffect } from '../effect/describe.ts';
import { request } from '../effect/request.fixture.ts';
import { isTimeField } from './times.ts';

const NOW = Date.parse('2026-01-01T12:00:00Z');
const RESTARTED = 'kubectl.kubernetes.io/restartedAt';
const template = (annotations?: object) => ({
  spec: { template: { metadata: annotations === undefined ? {} : { annotations } } },
});
const changes = (before: object | undefined, after: object, now = NOW) =>
  markVolatile(changesBetween(template(before), template(after)), now, request());
const digest = (before: object | undefined, after: object, now = NOW) => changeDigest(changes(before, after, now));
const restart = (time: string, more: object = {}) => ({ [RESTARTED]: time, ...more });

describe('The time of a restart', () => {
  it('may be another one near now, and no other value', () => {
    const first = digest({ a: 'b' }, restart('2026-01-01T12:00:01Z', { a: 'b' }));
    assert.equal(first, digest({ a: 'b' }, restart('2026-01-01T12:04:00+00:00', { a: 'b' })));
    for (const other of ['2026-01-01T13:00:00Z', 'now', '2026-01-01T12:00:01Z; rm -rf /'])
      assert.notEqual(first, digest({ a: 'b' }, restart(other, { a: 'b' })));
  });

  it('is shown by itself inside of annotations that are new', () => {
    const path = '/spec/template/metadata/annotations';
    assert.deepEqual(
      changes(undefined, restart('2026-01-01T12:00:00Z', { by: 'x' })),
      [
        { path: `${path}/by`, before: undefined, after: 'x' },
        {
          path: `${path}/kubectl.kubernetes.io~1restartedAt`,
          before: undefined,
          after: '2026-01-01T12:00:00Z',
          volatile: 'Time',
        },
      ].toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    );
    const first = digest(undefined, restart('2026-01-01T12:00:00Z'));
    assert.equal(digest(undefined, restart('2026-01-01T12:40:00Z'), NOW + 40 * 60_000), first);
    assert.notEqual(digest(undefined, restart('2026-01-01T12:00:00Z', { more: 'x' })), first);
    assert.deepEqual(changes(undefined, restart('then')), [{ path, before: undefined, after: { [RESTARTED]: 'then' } }]);
  });

  it('may follow another time, and nothing else', () => {
    const first = digest(restart('2025-01-01T00:00:00Z'), restart('2026-01-01T12:00:00Z'));
    assert.equal(digest(restart('2026-01-01T11:00:00Z'), restart('2026-01-01T12:00:30Z')), first);
    assert.notEqual(digest(restart('never'), restart('2026-01-01T12:00:30Z')), first);
  });

  const never: Record<string, string> = {
    'with text around it': 'at 2026-01-01T12:00:00Z',
    'without a zone': '2026-01-01T12:00:00',
    'of a day that does not exist': '2026-13-01T12:00:00Z',
    'with a line behind it': '2026-01-01T12:00:00Z\n',
  };
  for (const [name, text] of Object.entries(never))
    it(`is not a time ${name}`, () => assert.equal(changes({}, restart(text))[0]?.volatile, undefined));

  it('is never taken for the text by which it is replaced', () => {
    assert.notEqual(digest(restart('a'), restart('<Time>')), digest(restart('a'), restart('2026-01-01T12:00:00Z')));
  });
});

describe('Any other time near now', () => {
  const live = { spec: {} };
  const set = (time: string) => changesBetween(live, { spec: { notBefore: time, list: [{ at: time }] } });
  const paths = ['/metadata/annotations/expires-at', '/spec/notBefore', '/spec/template/metadata/annotations/other', '/data/at'];

  it('is a value like any other: another one is another change', () => {
    for (const path of paths) {
      const one = (after: string) => changeDigest(markVolatile([{ path, before: undefined, after }], NOW, request()));
      assert.notEqual(one('2026-01-01T12:00:00Z'), one('2026-01-01T12:00:01Z'));
    }
  });

  it('is named in a note, which says what to do', () => {
    const { notes = [] } = describeEffect(request(), { name: 'web', uid: 'u', changes: set('2026-01-01T12:00:00Z') }, NOW);
    assert.deepEqual(
      notes.map((note) => note.split(' is set to the current time. ')),
      ['/spec/list/0/at', '/spec/notBefore'].map((path) => [
        `"${path}"`,
        'If the step computes it, the real run will differ and be blocked; pass a fixed value.',
      ]),
    );
    assert.deepEqual(describeEffect(request(), { name: 'web', uid: 'u', changes: set('2020-01-01T12:00:00Z') }, NOW).notes, []);
  });
});

describe('A field that holds the time of the request', () => {
  const of = (apiGroup: string, base: string) => ({ api: { apiGroup }, base });
  const rows: readonly (readonly [string, ReturnType<typeof of>, boolean])[] = [
    ['/spec/renewTime', of('coordination.k8s.io', 'leases'), true],
    ['/spec/renewTime', of('example.com', 'leases'), false],
    ['/lastTimestamp', of('', 'events'), true],
    ['/eventTime', of('events.k8s.io', 'events'), true],
    ['/lastTimestamp', of('', 'configmaps'), false],
    ['/status/conditions/0/lastTransitionTime', of('example.com', 'widgets'), true],
    ['/status/conditions/0/message', of('example.com', 'widgets'), false],
    ['/spec/restartAt', of('argoproj.io', 'rollouts'), true],
    ['/spec/restartAt', of('apps', 'deployments'), false],
    ['/metadata/annotations/reconcile.fluxcd.io~1requestedAt', of('source.toolkit.fluxcd.io', 'gitrepositories'), true],
    ['/metadata/annotations/reconcile.fluxcd.io~1requestedAt', of('toolkit.fluxcd.io.evil.com', 'x'), false],
    ['/metadata/annotations/kubectl.kubernetes.io~1restartedAt', of('apps', 'deployments'), false],
  ];
  for (const [path, resource, is] of rows)
    it(`${is ? 'is' : 'is not'} ${path} of ${resource.base}.${resource.api.apiGroup}`, () =>
      assert.equal(isTimeField(path, resource), is));
});
