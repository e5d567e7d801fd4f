import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cascadeOf, type Owned } from './cascade.ts';
import { groupDependants } from './group.ts';

const owned = (uid: string, owners: string[], more: Partial<Owned> = {}): Owned => ({
  uid,
  apiGroup: '',
  resource: 'pods',
  kind: 'Pod',
  namespace: 'shop',
  name: uid,
  owners,
  leavesDependants: false,
  isGoing: false,
  ...more,
});
const gone = (objects: readonly Owned[], seen: readonly string[] = []) =>
  cascadeOf('web', objects, new Set([...objects.map(({ uid }) => uid), ...seen]))
    .map(({ uid }) => uid)
    .sort();

describe('What goes with a deleted object', () => {
  const rows: Readonly<Record<string, readonly [Owned[], string[], string[]]>> = {
    'are its dependants and theirs': [
      [owned('rs', ['web']), owned('pod', ['rs']), owned('claim', ['pod'])],
      [],
      ['claim', 'pod', 'rs'],
    ],
    'is nothing that others own': [[owned('a', ['other'])], ['other'], []],
    'is nothing that has another owner which stays': [[owned('a', ['web', 'other'])], ['other'], []],
    'includes an object with another owner that may not exist': [[owned('a', ['web', 'unknown'])], [], ['a']],
    'is what has two owners that both go': [
      [owned('a', ['b', 'c']), owned('b', ['web']), owned('c', ['b'])],
      [],
      ['a', 'b', 'c'],
    ],
    'is not what a dependant leaves': [[owned('a', ['web'], { leavesDependants: true }), owned('b', ['a'])], [], ['a']],
    'is counted once, also in a circle': [[owned('a', ['web', 'b']), owned('b', ['web', 'a'])], [], []],
    'is nothing if nothing has an owner': [[], [], []],
  };
  for (const [name, [objects, seen, wanted]] of Object.entries(rows))
    it(name, () => assert.deepEqual(gone(objects, seen), wanted));

  it('takes little time for many', () => {
    const many = Array.from({ length: 5000 }, (_, at) => owned(`o-${at}`, [at === 0 ? 'web' : `o-${at - 1}`]));
    assert.equal(gone(many).length, 5000);
  });
});

describe('Dependants in a plan', () => {
  const claim = owned('c', ['web'], { resource: 'persistentvolumeclaims', kind: 'PersistentVolumeClaim', name: 'data' });
  const group = (objects: readonly Owned[], room = 8192, incomplete: string[] = []) =>
    groupDependants(objects, { namespace: 'shop' }, incomplete, room);

  it('are counted by kind, and begin with what may hold data', () =>
    assert.deepEqual(group([owned('b', []), owned('a', []), claim]).dependants, [
      { apiGroup: '', resource: 'persistentvolumeclaims', kind: 'PersistentVolumeClaim', count: 1, names: ['data'] },
      { apiGroup: '', resource: 'pods', kind: 'Pod', count: 2, names: ['a', 'b'] },
    ]));
  it('are told by number alone if there is no room for names', () =>
    assert.deepEqual(group([claim], 0).dependants, [
      { apiGroup: '', resource: 'persistentvolumeclaims', kind: 'PersistentVolumeClaim', count: 1 },
    ]));
  it('of other namespaces say so', () =>
    assert.deepEqual(group([owned('a', [], { namespace: 'bank' })]).dependants?.[0]?.names, ['bank/a']));
  it('are never said to be all where some kinds have no room', () => {
    const many = Array.from({ length: 40 }, (_, at) => owned(`o-${at}`, [], { resource: `r${at}`, kind: `R${at}` }));
    const found = group(many, 8192, ['could not list x']);
    assert.equal(found.dependants?.length, 32);
    assert.equal(found.incomplete, 'could not list x; 8 more kinds are not listed');
  });
});
