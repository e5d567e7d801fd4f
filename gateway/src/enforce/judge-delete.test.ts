import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DependantKind, Effect } from '@sentinel/crds';
import type { Owned } from '../dependants/cascade.ts';
import { deletionOf } from '../effect/deletion.ts';
import { describeEffect } from '../effect/describe.ts';
import { request } from '../effect/request.fixture.ts';
import { deleteDrift } from './delete-drift.ts';
import { dependantsFault, newDoubts } from './judge-dependants.ts';
import { attempt, deleteWeb, World } from './world.fixture.ts';

const settings = (data: object, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'settings', ...metadata },
  data,
});
const remove = (object: unknown, options: object = { propagationPolicy: 'Background' }): Effect => {
  const asked = request({ verb: 'delete' }, { body: Buffer.from(JSON.stringify(options)) });
  const changes = deletionOf(asked, object);
  return { ...describeEffect(asked, { name: 'settings', uid: 'u', live: object, changes }), index: 0 };
};

describe('A delete of an object that has changed is refused with', () => {
  const was = settings({ a: '1', b: '2' });
  const rows: Readonly<Record<string, readonly [unknown, RegExp]>> = {
    'the field and its values': [settings({ a: '9', b: '2' }), /rehearsed: \/data\/a was "1", is "9"$/],
    'a field that is new': [settings({ a: '1', b: '2', c: '3' }), /: \/data\/c is new \("3"\)$/],
    'a field that is gone': [settings({ a: '1' }), /: \/data\/b is gone \(was "2"\)$/],
    'a label': [settings({ a: '1', b: '2' }, { labels: { x: 'y' } }), /: \/metadata\/labels\/x is new/],
    'a long value by its name': [settings({ a: 'x'.repeat(200), b: '2' }), /: \/data\/a was "1", is a long value$/],
    'the first five of many': [settings({ c: '', d: '', e: '', f: '', g: '' }), / and 2 more fields$/],
  };
  for (const [name, [now, wanted]] of Object.entries(rows))
    it(name, () => assert.match(deleteDrift(remove(was), remove(now)), wanted));

  it('the options, where those are other ones', () =>
    assert.match(
      deleteDrift(remove(was), remove(was, { propagationPolicy: 'Orphan', gracePeriodSeconds: 0 })),
      /approved propagationPolicy Background, attempted propagationPolicy Orphan, gracePeriodSeconds 0$/,
    ));
  it('no value that is hidden', () => {
    const [one, two] = ['hunter2', 'hunter3'].map((password) => remove(settings({ password })));
    assert.match(deleteDrift(one as Effect, two as Effect), /in a field that the plan does not show$/);
  });
  it('no field that the plan holds only in its parts', () => {
    const [first = { path: '' }] = remove(was).change ?? [];
    const approved: Effect = { ...remove(was), change: [first], more: { fields: 4, part: 1 } };
    assert.match(deleteDrift(approved, remove(settings({ a: '9' }))), /in a field that the plan does not show$/);
  });
});

const claim = (name: string, more: Partial<Owned> = {}): Owned => ({
  ...{ uid: name, apiGroup: '', resource: 'persistentvolumeclaims', kind: 'PersistentVolumeClaim', namespace: 'shop', name },
  ...{ owners: ['u'], leavesDependants: false, isGoing: false },
  ...more,
});
const listed = (count: number, names: string[]): DependantKind => ({
  apiGroup: '',
  resource: 'persistentvolumeclaims',
  kind: 'PersistentVolumeClaim',
  count,
  names,
});

describe('A delete that takes data along', () => {
  const approved = (...dependants: DependantKind[]): Effect => ({
    ...remove(settings({})),
    namespace: 'shop',
    deletion: { propagation: 'Background', dependants },
  });
  const fault = (plan: Effect, ...found: Owned[]) => dependantsFault(plan, found, []);

  it('is what was approved with the same, with less, and with other pods', () => {
    assert.equal(fault(approved(listed(1, ['data'])), claim('data')), undefined);
    assert.equal(fault(approved(listed(2, ['data', 'logs'])), claim('data')), undefined);
    assert.equal(fault(approved(), claim('pod', { resource: 'pods', kind: 'Pod' })), undefined);
    assert.equal(fault(approved(), claim('data', { isGoing: true })), undefined);
  });
  it('is not what was approved with more, and with another one', () => {
    const wanted = /it would delete PersistentVolumeClaim 'logs' as well/;
    assert.match(fault(approved(), claim('logs')) ?? '', wanted);
    assert.match(fault(approved(listed(1, ['data'])), claim('data'), claim('logs')) ?? '', wanted);
    assert.match(fault(approved(listed(1, ['data'])), claim('logs')) ?? '', wanted);
  });
  it('is told by the number where the list of names is cut', () => {
    assert.equal(fault(approved(listed(2, ['a'])), claim('a'), claim('b')), undefined);
    assert.match(fault(approved(listed(2, ['a'])), claim('a'), claim('b'), claim('c')) ?? '', /and 1 more as well/);
  });
  it('may take what the run itself has created', () =>
    assert.equal(
      dependantsFault(approved(), [claim('made')], [{ ...claim('made'), namespace: 'shop' } as Effect & Owned]),
      undefined,
    ));
  it('may take nothing else because the run has created something', () => {
    const made = (more: Partial<Owned>) => [{ ...claim('made'), namespace: 'shop', ...more } as Effect & Owned];
    for (const other of [
      {},
      { name: 'data', namespace: 'bank' },
      { name: 'data', resource: 'secrets' },
      { name: 'data', apiGroup: 'x' },
    ])
      assert.match(dependantsFault(approved(), [claim('data')], made(other)) ?? '', /PersistentVolumeClaim 'data'/);
  });
  it('may take nothing else because as many objects of another kind were approved', () =>
    assert.match(fault(approved({ ...listed(5, ['data']), resource: 'secrets' }), claim('data')) ?? '', /'data'/));
  it('of which nobody knew when it was approved, blocks the run, and nothing is deleted', async () => {
    const world = new World(deleteWeb);
    assert.match(await attempt(world.replica('one', { dependants: [claim('data')] }), deleteWeb), /PersistentVolumeClaim 'data'/);
    assert.equal(world.landed(), 0);
  });
});

describe('Doubt about what a delete takes along', () => {
  const limit = 'at most 5000 objects and 250 pages are read';
  const forbidden = 'the account of the run (accounts.sentinel.dev) may not list secrets';
  const rows: readonly [what: string, approved: string | undefined, found: readonly string[], expected: readonly string[]][] = [
    ['that nobody has', undefined, [], []],
    ['that is gone', forbidden, [], []],
    ['that is the same', `${forbidden}; ${limit}`, [forbidden, limit], []],
    [
      'about a kind that is new in the cluster',
      forbidden,
      ['the account of the run (accounts.sentinel.dev) may not list rules.example.com, secrets'],
      [],
    ],
    ['of a plan that has no room for all of it', `${forbidden}, roles…`, [forbidden, limit], []],
    ['because there are more objects than are read', forbidden, [forbidden, limit], [limit]],
    ['because the account may not list any more', undefined, [forbidden], [forbidden]],
    ['that may pass', undefined, ['could not list pods', 'the kinds of x/v1 cannot be read'], []],
  ];
  for (const [what, approved, found, expected] of rows)
    it(`${what}: ${expected.length === 0 ? 'was approved' : 'was not'}`, () =>
      assert.deepEqual(newDoubts(approved, found), expected));

  it('that the approvers did not have blocks the run, and nothing is deleted', async () => {
    const world = new World(deleteWeb);
    assert.match(
      await attempt(world.replica('one', { incomplete: [limit] }), deleteWeb),
      /not all that would be deleted with it is known, and the approved plan does not say so: at most 5000 objects/,
    );
    assert.equal(world.landed(), 0);
  });
});

describe('A delete in a real run', () => {
  it('waits while dependants cannot be listed that could be in the rehearsal', async () => {
    const world = new World(deleteWeb);
    assert.match(await attempt(world.replica('one', { isFaulty: true }), deleteWeb), /was not sent/);
    assert.equal(world.landed(), 0);
    assert.equal(await attempt(world.replica('one'), deleteWeb), '200');
  });
  it('is sent where the object is as it was, whatever controllers wrote', async () => {
    const world = new World(deleteWeb);
    world.api.change('/apis/apps/v1/namespaces/shop/deployments/web', (object) => {
      object.status = { replicas: 1 };
      Object.assign(object.metadata, { annotations: { 'deployment.kubernetes.io/revision': '4' } });
    });
    assert.equal(await attempt(world.replica('one'), deleteWeb), '200');
    assert.equal(world.landed(), 1);
  });
  it('is refused where somebody has changed it, with the field', async () => {
    const world = new World(deleteWeb);
    world.api.change('/apis/apps/v1/namespaces/shop/deployments/web', (object) => {
      object.spec = { replicas: 3 };
    });
    const said = await attempt(world.replica('one'), deleteWeb);
    assert.match(
      said,
      /the object has changed since it was rehearsed: \/spec\/replicas was 1, is 3\. Create the action again to get a new plan/,
    );
    assert.equal(world.landed(), 0);
  });
});
