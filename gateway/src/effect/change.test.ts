import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { applyChanges, changeDigest, changesBetween, isStillMade, toJsonPatch, valueAt } from './change.ts';
import { relativeTo } from './overlay.ts';

const pod = (...containers: object[]) => ({ spec: { containers } });
const container = (name: string, image: string, args: string[] = []) => ({ name, image, args });

describe('A change inside of a list', () => {
  const digest = (before: unknown, path: string, value: unknown) =>
    changeDigest(changesBetween(before, applyChanges(before, [{ path, after: value }])));
  const [a, b, c] = [container('a', 'x'), container('b', 'x'), container('c', 'x')];
  const path = '/spec/containers/0/image';

  it('is another one when another entry has its place, also where the field was the same', () =>
    assert.notEqual(digest(pod(a, b), path, 'y'), digest(pod(b, a), path, 'y')));
  it('is the same when entries come behind it, or others of its fields change', () => {
    assert.equal(digest(pod(a, b), path, 'y'), digest(pod(a, b, c), path, 'y'));
    assert.equal(digest(pod(a, b), path, 'y'), digest(pod({ ...a, args: ['more'] }, b), path, 'y'));
  });
  it('is about the whole entry where the list has no key', () => {
    const rules = (...verbs: string[]) => ({
      rules: [
        { resources: ['pods'], verbs },
        { resources: ['nodes'], verbs },
      ],
    });
    const swapped = (one: { rules: object[] }) => ({ rules: one.rules.toReversed() });
    assert.notEqual(digest(rules('get'), '/rules/0/verbs/0', '*'), digest(swapped(rules('get')), '/rules/0/verbs/0', '*'));
  });
  it('is about the whole list where its entries are plain values', () => {
    const at = '/spec/containers/0/args/1';
    const one = pod(container('a', 'x', ['--a', '1', '--b', '1']));
    const two = pod(container('a', 'x', ['--b', '1', '--a', '1']));
    assert.notEqual(digest(one, at, '2'), digest(two, at, '2'));
  });
  it('takes no key for one that two entries have, or that a list of another kind has', () => {
    const key = (before: object, at: string) =>
      changesBetween(before, applyChanges(before, [{ path: `${at}/x`, after: 1 }]))[0]?.entries?.[at];
    assert.deepEqual(key(pod(a, b), '/spec/containers/1'), { name: 'b' });
    assert.match(String(key(pod(a, { ...a }), '/spec/containers/1')), /^sha256:/);
    assert.match(String(key({ subjects: [a] }, '/subjects/0')), /^sha256:/);
    const ports = [
      { port: 80, protocol: 'TCP' },
      { port: 80, protocol: 'UDP' },
    ];
    assert.deepEqual(key({ spec: { ports } }, '/spec/ports/1'), { port: 80, protocol: 'UDP' });
  });
  it('starts from the entries of the rehearsal when it is a second write', () => {
    const changes = changesBetween(pod(a, b), pod(a, { ...b, image: 'y' }));
    const [relative] = relativeTo(pod(c, b), changes, true);
    assert.deepEqual(relative?.entries, { '/spec/containers/1': { name: 'b' } });
  });
  it('is still there only in the entry in which it was made', () => {
    const changes = changesBetween(pod(a, b), pod({ ...a, image: 'y' }, b));
    assert.equal(isStillMade(pod({ ...a, image: 'y' }, b), changes), true);
    assert.equal(isStillMade(pod({ ...b, image: 'y' }, a), changes), false);
    assert.equal(isStillMade(pod({ ...a, image: 'z' }, b), changes), false);
    const rules = [{ verbs: ['get'] }, { verbs: ['list'] }];
    const given = changesBetween({ rules }, { rules: [{ verbs: ['get'] }, { verbs: ['*'] }] });
    assert.equal(isStillMade({ rules: [{ verbs: ['get'] }, { verbs: ['*'] }] }, given), true);
    assert.equal(isStillMade({ rules: [{ verbs: ['get'] }, { verbs: ['*'], more: 1 }] }, given), false);
    // As the ledger keeps it: in JSON absence is null.
    const added = JSON.parse(JSON.stringify([{ path: '/a', before: null, after: 1 }]));
    assert.equal(isStillMade({ a: 1 }, added), true);
  });
});

describe('A change', () => {
  it('names each field before and after, in a fixed order', () => {
    const before = { spec: { replicas: 1, containers: [{ name: 'web', image: 'a' }] } };
    const after = { spec: { containers: [{ name: 'web', image: 'b' }], replicas: 2, paused: true } };
    assert.deepEqual(changesBetween(before, after), [
      { path: '/spec/containers/0/image', before: 'a', after: 'b', entries: { '/spec/containers/0': { name: 'web' } } },
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

  it('is another one when the value before differs', () => {
    const digest = (before: unknown) => changeDigest([{ path: '/a', before, after: 'b' }]);
    assert.notEqual(digest('a'), digest('c'));
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
