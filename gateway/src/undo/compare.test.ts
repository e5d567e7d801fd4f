import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Entry } from '../ledger/entry.ts';
import { expectationsOf } from './compare.ts';

const entry = (index: number, changes: readonly (readonly [path: string, before: unknown])[], verb = 'patch', uid = 'u'): Entry =>
  ({
    target: {
      index,
      verb,
      apiGroup: '',
      version: 'v1',
      resource: 'configmaps',
      name: 'a',
      ...(verb === 'create' ? {} : { uid }),
    },
    state: 'Done',
    stored: { uid, resourceVersion: '1', change: changes.map(([path, before]) => ({ path, before, after: 'x' })) },
  }) as unknown as Entry;

const source = { name: 'harmful', uid: 'h' };
const expected = (entries: readonly Entry[], undoes: number[], left: { effect: number; path?: string }[] = []) =>
  expectationsOf(entries, { ...source, undoes, left: left.map((one) => ({ object: 'o', why: 'w', ...one })) }).map(
    ({ entry: { target }, gone, fields }) => [
      target.index,
      gone,
      fields.map(({ path, before }) => `${path}=${String(before)}`).join(),
    ],
  );

describe('What objects must be after a rollback', () => {
  it('is the value before the first change of each field', () => {
    const entries = [
      entry(0, [['/a', 1]]),
      entry(1, [
        ['/a', 2],
        ['/b', 3],
      ]),
      entry(2, [['/a/c', 4]]),
    ];
    assert.deepEqual(expected(entries, [2, 1, 0]), [
      [0, false, '/a=1'],
      [1, false, '/b=3'],
      [2, false, ''],
    ]);
  });

  it('is nothing for what the plan leaves, in part or as a whole', () => {
    const entries = [
      entry(0, [
        ['/a', 1],
        ['/b', 2],
      ]),
      entry(1, [['/c', 3]], 'patch', 'v'),
    ];
    assert.deepEqual(expected(entries, [0], [{ effect: 0, path: '/b' }, { effect: 1 }]), [[0, false, '/a=1']]);
  });

  it('is no object at all where the run created it', () => {
    assert.deepEqual(expected([entry(0, [], 'create'), entry(1, [['/a', 1]])], [1, 0]), [[0, true, '']]);
  });
});
