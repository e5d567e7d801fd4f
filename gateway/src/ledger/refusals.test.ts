import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createClient } from '@sentinel/kube';
import { MemoryApi } from '../enforce/memory-api.fixture.ts';
import { keepRefusal, readRefusal } from './refusals.ts';

const action = { namespace: 'shop', name: 'fix', uid: 'a' };

describe('The refusal of a pod', () => {
  const serve = (status?: 409 | 500) => {
    const api = new MemoryApi();
    const transport = api.connect(
      ({ method }) => (method === 'POST' ? status : undefined),
      () => false,
    );
    return { api, client: createClient(transport, { readRetries: 0 }) };
  };

  it('is kept with its code and its reason, for the action and for one Job', async () => {
    const { api, client } = serve();
    await keepRefusal(client, 'j1', action, { code: 'NotApproved', why: 'nobody approved it' });
    assert.deepEqual(await readRefusal(client, 'j1'), { code: 'NotApproved', why: 'nobody approved it' });
    assert.equal(await readRefusal(client, 'j2'), undefined);
    const { metadata, data } = api.objects.get('/api/v1/namespaces/sentinel-ledger/configmaps/refusal-j1') ?? assert.fail();
    assert.deepEqual(metadata.labels, { 'sentinel.dev/job': 'j1', 'sentinel.dev/ledger': 'refusal' });
    assert.deepEqual(data, { action: 'shop/fix', actionUid: 'a', code: 'NotApproved', why: 'nobody approved it' });
  });

  it('is the first one, whatever is refused later', async () => {
    const { client } = serve();
    await keepRefusal(client, 'j1', action, { code: 'NotApproved', why: 'first' });
    await keepRefusal(client, 'j1', action, { code: 'PodAltered', why: 'second' });
    assert.deepEqual(await readRefusal(client, 'j1'), { code: 'NotApproved', why: 'first' });
  });

  it('is not said to be kept where it could not be stored', async () => {
    const { client } = serve(500);
    await assert.rejects(keepRefusal(client, 'j1', action, { code: 'NotApproved', why: 'x' }), /injected 500/);
  });

  it('is not read from an object that lacks a part of it', async () => {
    for (const data of [undefined, { code: 'NotApproved' }, { why: 'x' }]) {
      const { api, client } = serve();
      api.put('/api/v1/namespaces/sentinel-ledger/configmaps/refusal-j1', { apiVersion: 'v1', kind: 'ConfigMap', data });
      assert.equal(await readRefusal(client, 'j1'), undefined);
    }
  });
});
