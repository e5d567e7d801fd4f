import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { applyChanges, changeDigest, changesBetween, markVolatile, toJsonPatch, valueAt } from './change.ts';
import { relativeTo } from './overlay.ts';

const NOW = Date.parse('2026-01-01T12:00:00Z');

describe('A change', () => {
  it('names each field before and after, in a fixed order', () => {
    const before = { spec: { replicas: 1, containers: [{ name: 'web', image: 'a' }] } };
    const after = { spec: { containers: [{ name: 'web', image: 'b' }], replicas: 2, paused: true } };
    assert.deepEqual(changesBetween(before, after), [
      { path: '/spec/containers/0/image', before: 'a', after: 'b' },
      { path: '/spec/paused', before: undefined, after: true },
      { path: '/spec/replicas', before: 1, after: 2 },
    ]);
  });

  it('is one change when a list grows, because what stands behind it moves', () => {
    assert.deepEqual(changesBetween({ list: [1] }, { list: [1, 2] }), [{ path: '/list', before: [1], after: [1, 2] }]);
  });

  it('escapes names in its path', () => {
    assert.deepEqual(changesBetween({}, { 'a/b~c': 1 })[0]?.path, '/a~1b~0c');
    assert.equal(valueAt({ 'a/b~c': 1 }, '/a~1b~0c'), 1);
  });

  it('makes one object of the other when it is applied, for any two objects', () => {
    let seed = 3;
    const next = (bound: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed % bound;
    };
    const random = (depth: number): unknown => {
      if (depth === 0) return [1, 'x', true, null][next(4)];
      if (next(4) === 0) return Array.from({ length: next(3) }, () => random(depth - 1));
      return Object.fromEntries(
        Array.from({ length: next(4) }, (_, index) => [`k${(index + next(2)) % 4}/~`, random(depth - 1)]),
      );
    };
    for (let round = 0; round < 500; round++) {
      const [a, b] = [{ root: random(3) }, { root: random(3) }];
      assert.deepEqual(applyChanges(a, changesBetween(a, b)), b);
    }
  });

  const digestOf = (after: unknown, before: unknown = undefined) =>
    changeDigest(markVolatile([{ path: '/restartedAt', before, after }], NOW));

  it('is the same with another time near now, and with no other value', () => {
    assert.equal(digestOf('2026-01-01T12:00:01Z'), digestOf('2026-01-01T12:04:00+00:00'));
    assert.notEqual(digestOf('2026-01-01T12:00:01Z'), digestOf('2026-01-01T13:00:00Z'));
    assert.notEqual(digestOf('2026-01-01T12:00:01Z'), digestOf('now'));
    assert.notEqual(digestOf('2026-01-01T12:00:01Z'), digestOf('2026-01-01T12:00:01Z; rm -rf /'));
  });

  it('is another one when the value before differs', () => {
    assert.notEqual(digestOf('b', 'a'), digestOf('b', 'c'));
  });

  it('of the first annotations of an object names the time in them', () => {
    const now = Date.parse('2026-01-01T12:00:00Z');
    const restarted = (at: string) => markVolatile(changesBetween({ m: {} }, { m: { a: { at, by: 'x' } } }), now);
    assert.deepEqual(restarted('2026-01-01T12:00:01Z'), [
      { path: '/m/a/at', before: undefined, after: '2026-01-01T12:00:01Z', volatile: 'Time' },
      { path: '/m/a/by', before: undefined, after: 'x' },
    ]);
    assert.equal(changeDigest(restarted('2026-01-01T12:00:01Z')), changeDigest(restarted('2026-01-01T12:01:00Z')));
    assert.deepEqual(restarted('then'), [{ path: '/m/a', before: undefined, after: { at: 'then', by: 'x' } }]);
  });

  it('is a patch that tests what it replaces', () => {
    assert.deepEqual(
      toJsonPatch([
        { path: '/a', before: 1, after: 2 },
        { path: '/b', before: 1, after: undefined },
        { path: '/c', before: undefined, after: 1 },
      ]),
      [
        { op: 'test', path: '/a', value: 1 },
        { op: 'replace', path: '/a', value: 2 },
        { op: 'test', path: '/b', value: 1 },
        { op: 'remove', path: '/b' },
        { op: 'add', path: '/c', value: 1 },
      ],
    );
  });

  it('starts from what the rehearsal has done already, not from what is live', () => {
    const changes = changesBetween({ a: 1, b: 1 }, { a: 2, b: 2 });
    assert.deepEqual(relativeTo({ a: 2, b: 1 }, changes, true), [{ path: '/b', before: 1, after: 2 }]);
  });
});
