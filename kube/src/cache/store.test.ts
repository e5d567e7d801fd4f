import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { configMap } from '../testing.ts';
import type { AnyObject } from '../types.ts';
import { type Delta, MutableStore } from './store.ts';

const labelled = (name: string, version: string, label?: string, uid?: string): AnyObject => {
  const object = configMap(name, version, uid);
  return label === undefined ? object : { ...object, metadata: { ...object.metadata, labels: { app: label } } };
};
const told = (deltas: readonly Delta<AnyObject>[]) =>
  deltas.map(
    ({ type, object, old }) =>
      `${type} ${object.metadata.uid}@${old ? `${old.metadata.resourceVersion}>` : ''}${object.metadata.resourceVersion}`,
  );
const byApp = { app: ({ metadata }: AnyObject) => (metadata.labels?.app === undefined ? [] : metadata.labels.app.split('.')) };
const names = (objects: AnyObject[]) => objects.map(({ metadata }) => metadata.name);

describe('A store', () => {
  it('tells what a change is: a new object, another version, a recreated object, and nothing', () => {
    const store = new MutableStore<AnyObject>();
    assert.deepEqual(told(store.upsert(configMap('a', '1'))), ['add uid-a@1']);
    assert.deepEqual(told(store.upsert(configMap('a', '1'))), []);
    assert.deepEqual(told(store.upsert(configMap('a', '2'))), ['update uid-a@1>2']);
    assert.deepEqual(told(store.upsert(configMap('a', '3', 'new'))), ['delete uid-a@2', 'add new@3']);
    // Without a version nobody can tell that nothing changed.
    const { resourceVersion: _, ...metadata } = configMap('a', '3', 'new').metadata;
    const bare = { ...configMap('a', '3', 'new'), metadata };
    store.upsert(bare);
    assert.equal(store.upsert(bare).length, 1);
  });

  it('takes out the object that was deleted, and not the one that was created since under its name', () => {
    const store = new MutableStore<AnyObject>();
    store.upsert(configMap('a', '3', 'new'));
    assert.deepEqual(told(store.remove(configMap('a', '2', 'old'))), []);
    assert.deepEqual(told(store.remove(configMap('b', '2'))), []);
    assert.equal(store.size, 1);
    assert.deepEqual(told(store.remove(configMap('a', '4', 'new'))), ['delete new@4']);
    assert.deepEqual([store.size, store.get('ns/a')], [0, undefined]);
  });

  it('is replaced as a whole: what is gone is told first, and what did not change not at all', () => {
    const store = new MutableStore<AnyObject>(byApp);
    for (const object of [
      labelled('same', '1', 'x'),
      labelled('changed', '1', 'x'),
      labelled('recreated', '1', 'x'),
      labelled('gone', '1', 'x'),
    ])
      store.upsert(object);
    const list = [
      labelled('same', '1', 'x'),
      labelled('changed', '2', 'y'),
      labelled('recreated', '3', 'x', 'new'),
      labelled('b', '4', 'y'),
    ];
    assert.deepEqual(told(store.replaceAll(list)), [
      'delete uid-gone@1',
      'update uid-changed@1>2',
      'delete uid-recreated@1',
      'add new@3',
      'add uid-b@4',
    ]);
    assert.deepEqual(
      [names(store.byIndex('app', 'x')), names(store.byIndex('app', 'y'))],
      [
        ['same', 'recreated'],
        ['changed', 'b'],
      ],
    );
  });

  it('finds objects by every value of an index, as they are now', () => {
    const store = new MutableStore<AnyObject>(byApp);
    store.upsert(labelled('a', '1', 'x.y'));
    store.upsert(labelled('b', '1', 'y'));
    store.upsert(labelled('c', '1'));
    assert.deepEqual([names(store.byIndex('app', 'x')), names(store.byIndex('app', 'y'))], [['a'], ['a', 'b']]);
    store.upsert(labelled('a', '2', 'z'));
    store.remove(labelled('b', '2', 'y'));
    assert.deepEqual([names(store.byIndex('app', 'y')), names(store.byIndex('app', 'z'))], [[], ['a']]);
    assert.deepEqual(store.byIndex('app', 'never'), []);
    assert.throws(() => store.byIndex('other', 'x'), /No such index: other/);
  });

  it('keeps an object at which an index fails, without a place in that index', () => {
    const store = new MutableStore<AnyObject>({
      app: ({ metadata }) => {
        if (metadata.name === 'odd') throw new Error('odd');
        return ['x'];
      },
    });
    store.upsert(configMap('odd', '1'));
    store.upsert(configMap('even', '1'));
    assert.deepEqual([store.size, names(store.byIndex('app', 'x'))], [2, ['even']]);
    assert.deepEqual(names(store.list()), ['odd', 'even']);
  });
});
