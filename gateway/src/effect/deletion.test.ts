import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { changeDigest } from './change.ts';
import { deletionOf, describeDeletion, notesOfDeletion, propagationOf } from './deletion.ts';
import { describeEffect } from './describe.ts';
import { request } from './request.fixture.ts';

const asked = (options: object = {}, of: { apiGroup?: string; resource?: string } = {}) =>
  request({ verb: 'delete', ...of }, { base: of.resource ?? 'deployments', body: Buffer.from(JSON.stringify(options)) });
const web = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: {
    ...{ name: 'web', namespace: 'shop', uid: 'u-1', resourceVersion: '7', generation: 1 },
    labels: { app: 'web' },
    annotations: { 'deployment.kubernetes.io/revision': '1' } as Record<string, string>,
  },
  spec: { replicas: 2, template: { metadata: { annotations: {} as Record<string, string> } } },
  status: { replicas: 2 },
};
type Web = typeof web;
const digest = (object: unknown, one = asked()) => changeDigest(deletionOf(one, object));
const altered = (alter: (object: Web & { metadata: Record<string, unknown> }) => void) => {
  const object = structuredClone(web);
  alter(object as never);
  return object;
};
const restartedAt = (time: string) =>
  altered(({ spec }) => (spec.template.metadata.annotations['kubectl.kubernetes.io/restartedAt'] = time));

describe('The change of a delete', () => {
  const same: Readonly<Record<string, unknown>> = {
    'the status': altered(({ status }) => (status.replicas = 0)),
    'what the API server assigns': altered(({ metadata }) =>
      Object.assign(metadata, { resourceVersion: '8', generation: 2, managedFields: [{}], deletionTimestamp: 'x' }),
    ),
    'the revision that the controller of a Deployment notes': altered(
      ({ metadata }) => (metadata.annotations['deployment.kubernetes.io/revision'] = '2'),
    ),
    'the only annotation, if a controller writes it': altered(
      ({ metadata }) => delete (metadata as Partial<Web['metadata']>).annotations,
    ),
    'the copy that kubectl apply keeps': altered(
      ({ metadata }) => (metadata.annotations['kubectl.kubernetes.io/last-applied-configuration'] = '{}'),
    ),
  };
  for (const [what, object] of Object.entries(same))
    it(`is the same for another value of ${what}`, () => assert.equal(digest(object), digest(web)));

  const other: Readonly<Record<string, unknown>> = {
    'a field of the spec': altered(({ spec }) => (spec.replicas = 3)),
    'a field more': altered(({ spec }) => Object.assign(spec, { paused: true })),
    'a label': altered(({ metadata }) => (metadata.labels.app = 'api')),
    'an annotation of somebody': altered(({ metadata }) => (metadata.annotations['example.com/owner'] = 'bank')),
    'a finalizer, which decides what happens to dependants': altered(({ metadata }) =>
      Object.assign(metadata, { finalizers: ['orphan'] }),
    ),
    'an owner': altered(({ metadata }) => Object.assign(metadata, { ownerReferences: [{ uid: 'x' }] })),
  };
  for (const [what, object] of Object.entries(other))
    it(`is another one with another ${what}`, () => assert.notEqual(digest(object), digest(web)));

  it('is the same after another restart, and another one after the first', () => {
    assert.equal(digest(restartedAt('2026-01-01T00:00:00Z')), digest(restartedAt('2026-02-02T00:00:00Z')));
    assert.notEqual(digest(restartedAt('2026-01-01T00:00:00Z')), digest(web));
  });
  it('is the same while the holder of a Lease renews it, and another one with another holder', () => {
    const lease = (spec: object) => ({ metadata: { name: 'l' }, spec });
    const one = asked({}, { apiGroup: 'coordination.k8s.io', resource: 'leases' });
    const held = digest(lease({ holderIdentity: 'a', renewTime: '2026-01-01T00:00:00.000000Z' }), one);
    assert.equal(digest(lease({ holderIdentity: 'a', renewTime: '2026-01-01T00:00:05.000000Z' }), one), held);
    assert.notEqual(digest(lease({ holderIdentity: 'b', renewTime: '2026-01-01T00:00:00.000000Z' }), one), held);
  });
  it('is another one once a claim has its volume', () => {
    const claims = asked({}, { apiGroup: '', resource: 'persistentvolumeclaims' });
    assert.notEqual(digest({ spec: {} }, claims), digest({ spec: { volumeName: 'pv-1' } }, claims));
  });
  it('leaves out the status also if that is not a subresource, because its controller keeps writing it', () => {
    const one = request({ verb: 'delete' }, { info: { ...request().info, hasStatus: false } });
    assert.equal(digest({ spec: { a: 1 }, status: { synced: 'now' } }, one), digest({ spec: { a: 1 } }, one));
  });
  for (const options of [{ gracePeriodSeconds: 0 }, { propagationPolicy: 'Orphan' }])
    it(`is another one with ${JSON.stringify(options)}`, () => assert.notEqual(digest(web, asked(options)), digest(web)));
});

describe('What happens to dependants', () => {
  const rows: readonly (readonly [string, object, { apiGroup?: string; resource?: string }, unknown, string, boolean])[] = [
    ['what the request says', { propagationPolicy: 'Foreground' }, {}, web, 'Foreground', false],
    ['also against a finalizer', { propagationPolicy: 'Background' }, {}, finalized('orphan'), 'Background', false],
    ['else what a finalizer says', {}, {}, finalized('orphan'), 'Orphan', true],
    ['of either kind', {}, {}, finalized('foregroundDeletion'), 'Foreground', true],
    ['else the default', {}, {}, web, 'Background', true],
    ['which leaves the pods of a Job', {}, { apiGroup: 'batch', resource: 'jobs' }, web, 'Orphan', true],
    ['and of a ReplicationController', {}, { apiGroup: '', resource: 'replicationcontrollers' }, web, 'Orphan', true],
    ['and not the Jobs of a CronJob', {}, { apiGroup: 'batch', resource: 'cronjobs' }, web, 'Background', true],
    ['also where the request says nothing that is known', { propagationPolicy: 'Later' }, {}, web, 'Background', true],
  ];
  for (const [name, options, of, object, propagation, isDefault] of rows)
    it(`is ${name}`, () => assert.deepEqual(propagationOf(asked(options, of), object), { propagation, isDefault }));
});

function finalized(finalizer: string) {
  return altered(({ metadata }) => Object.assign(metadata, { finalizers: [finalizer] }));
}

describe('A delete in words', () => {
  const pods = { apiGroup: '', resource: 'pods', kind: 'Pod', count: 3, names: ['a', 'b', 'c'] };
  const say = (options: object, found = {}, of = {}) => {
    const one = asked(options, of);
    return notesOfDeletion(one, describeDeletion(one, web, found));
  };
  const end = 'A rollback recreates neither the object nor its dependants.';

  it('tells what happens to dependants, and which they are', () =>
    assert.deepEqual(say({ propagationPolicy: 'Background' }, { dependants: [pods] }), [
      'Deletes dependants in the background: 3 Pod.',
      end,
    ]));
  it('says of orphans that they stay, and lists none', () =>
    assert.deepEqual(say({ propagationPolicy: 'Orphan' }, { dependants: [pods], incomplete: 'x' }), [
      'Leaves dependants (orphan).',
      'A rollback does not recreate the object.',
    ]));
  it('tells the grace period, and that nothing is waited for', () => {
    const first = 'Deletes dependants first, in the foreground.';
    const options = { propagationPolicy: 'Foreground' };
    assert.deepEqual(say({ ...options, gracePeriodSeconds: 0 }), [first, 'Grace period 0: not waited for.', end]);
    assert.deepEqual(say({ ...options, gracePeriodSeconds: 30 }), [first, 'Grace period: 30 seconds.', end]);
  });
  it('tells if there may be more', () =>
    assert.deepEqual(say({}, { incomplete: 'the account of the run (accounts.sentinel.dev) may not list secrets' }), [
      'Deletes dependants in the background, by default.',
      'There may be more dependants: the account of the run (accounts.sentinel.dev) may not list secrets.',
      end,
    ]));
  it('tells what goes with a namespace', () =>
    assert.equal(say({}, {}, { apiGroup: '', resource: 'namespaces' })[0], 'Everything in the namespace is deleted with it.'));
});

describe('A delete as it is shown', () => {
  const shown = describeEffect(asked({ propagationPolicy: 'Background' }), {
    name: 'web',
    uid: 'u-1',
    live: web,
    changes: deletionOf(asked(), { ...web, data: { password: 'hunter2', long: 'x'.repeat(300) } }),
  });
  it('has each field that goes', () => {
    const paths = shown.change?.map(({ path }) => path) ?? [];
    for (const path of ['/kind', '/metadata', '/spec', '/data/long']) assert.ok(paths.includes(path), path);
    assert.ok(shown.change?.every(({ before, after }) => before !== undefined && after === undefined));
  });
  it('hides what its name says is secret', () => assert.doesNotMatch(JSON.stringify(shown), /hunter2/));
  it('shows which keys a Secret has, and no value', () => {
    const one = asked({}, { apiGroup: '', resource: 'secrets' });
    for (const data of [{ a: 'MQ==' }, { a: 'MQ==', b: 'x'.repeat(300) }]) {
      const secret = { kind: 'Secret', metadata: { name: 's' }, data };
      const { change } = describeEffect(one, { name: 's', uid: 'u', live: secret, changes: deletionOf(one, secret) });
      assert.doesNotMatch(JSON.stringify(change), /MQ==|xxx/);
      assert.match(JSON.stringify(change), /data.*a/);
    }
  });
  it('cannot be rolled back', () => assert.equal(shown.reversible, false));
});
