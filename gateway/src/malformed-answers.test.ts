import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Transport } from '@sentinel/kube';
import { observe } from './effect/observe.ts';
import { request } from './effect/request.fixture.ts';
import { readScaled } from './enforce/read-scaled.ts';
import type { Entry } from './ledger/entry.ts';
import { Discovery } from './request/discovery.ts';
import { Refused } from './request/refused.ts';
import { StoredVersions } from './request/stored-version.ts';
import type { Run } from './run/run.ts';
import { findLanded } from './settle/find-landed.ts';
import { readStored } from './settle/read-stored.ts';
import type { Upstream } from './upstream.ts';

// What answers for an API need not be the API server, and what stands between may cut an answer.

const bodies = ['', '{"metadata":{"name":"w', 'null', '[]', '"x"', '7', '{}', '{"metadata":null}', '<html>'];
const run = {} as Run;
const target = {
  verb: 'patch',
  apiGroup: 'apps',
  version: 'v1',
  resource: 'deployments',
  namespace: 'shop',
  name: 'web',
  uid: 'u',
};
const entry = { target: { ...target, index: 0 }, state: 'Sent' } as unknown as Entry;
const scale = request({ resource: 'statefulsets/scale', name: 'db' }, { base: 'statefulsets', subresource: 'scale' });

const uses: Record<string, (upstream: Upstream, transport: Transport, body: Buffer) => Promise<unknown>> = {
  'the object to write': (upstream) => observe(upstream, run, 'enforce', request()),
  'the StatefulSet of a scale': (upstream) => readScaled(upstream, run, scale),
  'the object that was written': async (_, __, body) => readStored(entry, { status: 200, body, contentType: '' }),
  'the resources of a group': (_, transport) => new Discovery(transport).preferredVersion('apps', 'deployments'),
  'a CustomResourceDefinition': (_, transport) =>
    new StoredVersions(transport, { preferredVersion: async () => undefined }).refusal({
      method: 'PATCH',
      path: '/apis/acme.io/v1/namespaces/shop/gadgets/g',
    }) as Promise<unknown>,
};

describe('An answer that is not an object', () => {
  for (const [what, use] of Object.entries(uses))
    it(`is refused, where it should be ${what}`, async () => {
      for (const text of bodies) {
        const body = Buffer.from(text);
        const answer = async () => ({ status: 200, headers: {}, body });
        const outcome = await use(
          { send: answer } as unknown as Upstream,
          { request: answer } as unknown as Transport,
          body,
        ).catch((error: unknown) => error);
        assert.ok(outcome instanceof Refused, `${JSON.stringify(text)}: ${outcome}`);
        assert.ok(outcome.status === 502 || outcome.status === 403, `${JSON.stringify(text)}: ${outcome.status}`);
      }
    });
  it('says nothing of what happened to a write', async () => {
    for (const text of bodies) {
      const upstream = { send: async () => ({ status: 200, headers: {}, body: Buffer.from(text) }) } as unknown as Upstream;
      const found = await findLanded(upstream, run, entry);
      assert.equal(found.kind, 'unclear', text);
    }
  });
});
