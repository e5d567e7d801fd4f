import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Dependants } from '../dependants/dependants.ts';
import { request } from '../effect/request.fixture.ts';
import type { Run } from '../run/run.ts';
import { newRecording } from './recording.ts';
import { rehearsedDependants } from './rehearsed-dependants.ts';

const resources = ['pods', 'secrets'].map((resource) => ({
  apiGroup: '',
  version: 'v1',
  resource,
  kind: resource === 'pods' ? 'Pod' : 'Secret',
  namespaced: true,
}));
const item = (name: string, owner: string) => ({
  metadata: { uid: name, name, namespace: 'shop', ownerReferences: [{ uid: owner }] },
});
const of = (resource: string, name: string) => request({ apiGroup: '', resource, name }, { base: resource });

/** The API server of a namespace, and how often it is asked. */
function api(items: Readonly<Record<string, object[]>>) {
  const asked: string[] = [];
  const upstream = {
    stream: async (_: Run, as: string, { path, headers }: { path: string; headers?: object | undefined }) => {
      asked.push(`${as} ${path} ${JSON.stringify(headers)}`);
      const found = items[path.split('/').at(-1)?.split('?')[0] ?? ''];
      const body = Buffer.from(JSON.stringify(found ? { metadata: {}, items: found } : {}));
      return {
        status: found ? 200 : 403,
        headers: {},
        body: (async function* () {
          yield body;
        })(),
      };
    },
  };
  return { asked, dependants: new Dependants(upstream as never, { deletable: async () => ({ resources, incomplete: [] }) }) };
}

const run = (): Run => ({ jobUid: 'j', namespace: 'shop', account: 'x', recording: newRecording() }) as unknown as Run;
const observed = { uid: 'web', live: { metadata: { name: 'web' } } };
const remove = (policy = 'Background') =>
  request({ verb: 'delete' }, { body: Buffer.from(JSON.stringify({ propagationPolicy: policy })) });
const kinds = ({ dependants = [] }: Awaited<ReturnType<typeof rehearsedDependants>>) =>
  dependants.map(({ kind, names }) => [kind, names]);

describe('The dependants that a rehearsal finds', () => {
  it('are read as metadata with the rights of the account, once for several deletes', async () => {
    const { asked, dependants } = api({ pods: [item('a', 'web'), item('b', 'other')], secrets: [item('s', 'a')] });
    const one = run();
    for (let again = 0; again < 3; again++)
      assert.deepEqual(kinds(await rehearsedDependants(dependants, one, remove(), observed)), [
        ['Secret', ['s']],
        ['Pod', ['a']],
      ]);
    assert.equal(asked.length, 2);
    assert.ok(asked.every((what) => what.startsWith('rehearsal ') && what.includes('PartialObjectMetadataList')));
  });
  it('are incomplete where the account may not list a kind', async () => {
    const { dependants } = api({ pods: [] });
    const found = await rehearsedDependants(dependants, run(), remove(), observed);
    assert.deepEqual(found, { incomplete: 'the account of the run (accounts.sentinel.dev) may not list secrets' });
  });
  it('are empty, and not read, if they are orphaned', async () => {
    const { asked, dependants } = api({ pods: [item('a', 'web')], secrets: [] });
    assert.deepEqual(await rehearsedDependants(dependants, run(), remove('Orphan'), observed), {});
    assert.deepEqual(asked, []);
  });
  it('are those that earlier writes of the rehearsal leave', async () => {
    const { dependants } = api({ pods: [item('a', 'web'), item('b', 'web'), item('c', 'web')], secrets: [] });
    const one = run();
    one.recording.overlay.put(of('pods', 'a'), 'a', null);
    one.recording.overlay.put(of('pods', 'b'), 'b', { metadata: { name: 'b', ownerReferences: [{ uid: 'b2' }] } });
    assert.deepEqual(kinds(await rehearsedDependants(dependants, one, remove(), observed)), [['Pod', ['c']]]);
  });
  it('have names only as long as the plan has room for them', async () => {
    const many = Array.from({ length: 300 }, (_, at) => item(`${'p'.repeat(240)}-${at}`, 'web'));
    const { dependants } = api({ pods: many, secrets: [] });
    const one = run();
    let bytes = 0;
    for (let at = 0; at < 60; at++) {
      const deletion = {
        propagation: 'Background' as const,
        ...(await rehearsedDependants(dependants, one, remove(), observed)),
      };
      one.recording.effects.push({ deletion } as never);
      assert.equal(deletion.dependants?.[0]?.count, 300);
      bytes += (deletion.dependants?.[0]?.names ?? []).join('').length;
    }
    assert.ok(bytes > 100_000 && bytes <= 128 * 1024, String(bytes));
  });
  it('count as not found where a page is too large, and are asked for again', async () => {
    const huge = { metadata: { uid: 'x', name: 'x', namespace: 'y'.repeat(5 * 1024 * 1024) } };
    const { asked, dependants } = api({ pods: [huge], secrets: [] });
    const one = run();
    for (const times of [2, 4]) {
      const found = await rehearsedDependants(dependants, one, remove(), observed);
      assert.deepEqual([found, asked.length], [{ incomplete: 'could not list pods' }, times]);
    }
  });
});
