import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DeletableResource } from '../request/discovery.ts';
import { LIMITS, type ReadPage, readOwned } from './read-owned.ts';

const resource = (name: string, more: Partial<DeletableResource> = {}): DeletableResource => ({
  apiGroup: '',
  version: 'v1',
  resource: name,
  kind: name,
  namespaced: true,
  ...more,
});
const item = (uid: string, owner?: string, more: object = {}) => ({
  metadata: { uid, name: uid, namespace: 'shop', ...(owner === undefined ? {} : { ownerReferences: [{ uid: owner }] }), ...more },
});
const page = (items: object[], next?: string) => ({
  status: 200,
  body: Buffer.from(JSON.stringify({ metadata: next === undefined ? {} : { continue: next }, items })),
});
const status = (code: number) => ({ status: code, body: Buffer.from('{}') });
const reader = (answers: Readonly<Record<string, Awaited<ReturnType<ReadPage>>>>): ReadPage => {
  return async (path) => answers[path] ?? status(500);
};
const list = (name: string, token = '') => `/api/v1/namespaces/shop/${name}?limit=250${token === '' ? '' : `&continue=${token}`}`;

describe('The objects that have owners', () => {
  it('are read page by page, of each resource', async () => {
    const read = reader({
      [list('pods')]: page([item('a', 'web'), item('b')], 'next'),
      [list('pods', 'next')]: page([item('c', 'rs', { finalizers: ['orphan'], deletionTimestamp: 'now' })]),
      '/apis/apps/v1/namespaces/shop/replicasets?limit=250': page([item('rs', 'web')]),
    });
    const found = await readOwned(read, [resource('pods'), resource('replicasets', { apiGroup: 'apps' })], 'shop');
    assert.deepEqual(
      found.owned.map(({ uid, owners, leavesDependants, isGoing }) => [uid, owners, leavesDependants, isGoing]).sort(),
      [
        ['a', ['web'], false, false],
        ['c', ['rs'], true, true],
        ['rs', ['web'], false, false],
      ],
    );
    assert.deepEqual([...found.seen].sort(), ['a', 'b', 'c', 'rs']);
    assert.deepEqual(found.incomplete, []);
  });
  it('are empty if a list has no items', async () => {
    const empty = { status: 200, body: Buffer.from('{"metadata":{"resourceVersion":"1"},"items":null}') };
    const found = await readOwned(reader({ [list('pods')]: empty }), [resource('pods')], 'shop');
    assert.deepEqual([found.owned, found.incomplete], [[], []]);
  });
  it('are those of the namespace alone, where the owner is in one', async () => {
    const found = await readOwned(reader({}), [resource('nodes', { namespaced: false })], 'shop');
    assert.deepEqual(found.incomplete, []);
  });
  it('are those of the whole cluster for an owner that belongs to it', async () => {
    const found = await readOwned(reader({ '/api/v1/pods?limit=250': page([item('a', 'x')]) }), [resource('pods')], undefined);
    assert.equal(found.owned.length, 1);
  });
  it('say what could not be read, and pass over a kind that is gone', async () => {
    const read = reader({
      [list('secrets')]: status(403),
      [list('gone')]: status(404),
      [list('large')]: { status: 200, body: Buffer.alloc(0) },
      [list('odd')]: { status: 200, body: Buffer.from('<html>') },
    });
    const names = ['secrets', 'gone', 'large', 'odd', 'broken'];
    const found = await readOwned(
      read,
      names.map((name) => resource(name)),
      'shop',
    );
    assert.deepEqual(found.incomplete, [
      'could not list broken, large, odd',
      'the account of the run (accounts.sentinel.dev) may not list secrets',
    ]);
  });
  it('end at a limit, and say so', async () => {
    const endless: ReadPage = async () => page([item(Math.random().toString(36), 'web')], 'more');
    const found = await readOwned(endless, [resource('pods')], 'shop', { ...LIMITS, objects: 10 });
    assert.match(found.incomplete.join(), /^at most 10 objects and 250 pages are read$/);
    const asked = await readOwned(endless, [resource('pods')], 'shop', { ...LIMITS, requests: 3 });
    assert.match(asked.incomplete.join(), /3 pages are read$/);
  });
});
