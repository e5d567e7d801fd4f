import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TransportRequest } from '@sentinel/kube';
import { request } from '../effect/request.fixture.ts';
import type { Run } from '../run/run.ts';
import type { Upstream } from '../upstream.ts';
import { readScaled } from './read-scaled.ts';

const scale = request({ resource: 'statefulsets/scale', name: 'db' }, { base: 'statefulsets', subresource: 'scale' });
const found = { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'db' } };

async function read(what: typeof scale, status = 200) {
  const sent: TransportRequest[] = [];
  const upstream = {
    send: async (_: Run, as: string, one: TransportRequest) => {
      assert.equal(as, 'enforce');
      sent.push(one);
      return { status, headers: {}, body: Buffer.from(JSON.stringify(found)) };
    },
  } as unknown as Upstream;
  return { object: await readScaled(upstream, {} as Run, what), sent };
}

describe('The object behind a scale', () => {
  it('is read where it is a StatefulSet, as JSON, and without the subresource', async () => {
    const { object, sent } = await read(scale);
    assert.deepEqual(object, found);
    assert.deepEqual(sent, [
      { method: 'GET', path: '/apis/apps/v1/namespaces/shop/statefulsets/db', headers: { accept: 'application/json' } },
    ]);
  });
  it('is unknown where it cannot be read', async () => assert.equal((await read(scale, 403)).object, undefined));
  it('is not read for any other write', async () => {
    for (const other of [
      request({ resource: 'deployments/scale' }, { subresource: 'scale' }),
      request({ resource: 'statefulsets' }, { base: 'statefulsets' }),
      request({ resource: 'statefulsets/status' }, { base: 'statefulsets', subresource: 'status' }),
    ])
      assert.deepEqual(await read(other), { object: undefined, sent: [] });
  });
});
