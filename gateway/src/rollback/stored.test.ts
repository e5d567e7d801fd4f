import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createClient, type Transport, type TransportRequest } from '@sentinel/kube';
import { changesBetween } from '../effect/change.ts';
import { APPLY } from '../effect/ownership.ts';
import { request } from '../effect/request.fixture.ts';
import { MemoryApi } from '../enforce/memory-api.fixture.ts';
import { done, type Entry, intended, lose, send } from '../ledger/entry.ts';
import { Ledger } from '../ledger/store.ts';
import type { ParsedRequest } from '../request/parse.ts';
import type { Run } from '../run/run.ts';
import { findLanded } from '../settle/find-landed.ts';
import { readStored } from '../settle/read-stored.ts';
import { Upstream } from '../upstream.ts';
import { rollBack } from './rollback.ts';

const WEB = '/apis/apps/v1/namespaces/shop/deployments/web';
const SETTINGS = '/api/v1/namespaces/shop/configmaps/settings';
const run = { jobUid: 'job-1', account: 'x', namespace: 'shop' } as Run;
const owner = { process: 'one', nonce: 'n' };

/** An API server, and a run that has written to it. */
class World {
  readonly api = new MemoryApi();
  /** The status with which the API server refuses a request; undefined when it serves it. */
  refuses: (request: TransportRequest) => 403 | 500 | undefined = () => undefined;
  readonly context;

  constructor() {
    const inner = this.api.connect(
      () => undefined,
      () => false,
    );
    const transport: Transport = {
      ...inner,
      request: (asked) => {
        const status = this.refuses(asked);
        const body = Buffer.from(JSON.stringify({ kind: 'Status', message: `refused with ${status}` }));
        if (status !== undefined) return Promise.resolve({ status, headers: {}, body });
        // The scale is a view of the object.
        return inner.request({ ...asked, path: asked.path.replace(/\/scale$/, '') });
      },
    };
    const ledger = new Ledger(createClient(transport, { readRetries: 0 }));
    this.context = {
      upstream: new Upstream(transport, { refusal: async () => undefined }),
      ledger,
      dependants: { below: async () => ({ dependants: [], incomplete: [], isFaulty: false }) },
      pause: async () => undefined,
    };
  }

  /** The object as it is, without what the API server counts. */
  contentOf(path: string): unknown {
    const { metadata, ...rest } = this.api.objects.get(path) ?? { metadata: {} };
    const { uid: _, resourceVersion: __, ...given } = metadata as Record<string, unknown>;
    return { metadata: given, ...rest };
  }

  /** Notes that a request was sent which was to make `was` to `is`. */
  async sent(index: number, what: ParsedRequest, path: string, was: unknown, is: unknown): Promise<Entry> {
    const { ledger } = this.context;
    const { verb, apiGroup, resource } = what.api;
    const name = path.split('/').at(-1) ?? '';
    const target = { index, verb, apiGroup, version: 'v1', resource, namespace: 'shop', name, uid: `uid-${name}` };
    const entry = await ledger.store(intended(run.jobUid, target as never, owner, Date.now()));
    const preconditions = { uid: `uid-${name}`, resourceVersion: '1' };
    const change = changesBetween(was, is);
    return await ledger.store(send(entry, owner, { request: what, preconditions, change, promised: { live: was, result: is } }));
  }

  /** Notes what the API server answered to it. */
  async answered(entry: Entry, object: unknown): Promise<Entry> {
    const answer = { status: 200, body: Buffer.from(JSON.stringify(object)), contentType: 'application/json' };
    return await this.context.ledger.store(done(entry, owner, readStored(entry, answer)));
  }
}

describe('An object and its scale are one object', () => {
  async function scaled(): Promise<World> {
    const world = new World();
    world.api.put(WEB, { kind: 'Deployment', spec: { replicas: 3 } });
    const did = async (index: number, resource: string, was: number, is: number) => {
      const what = request({ resource }, resource.includes('/') ? { subresource: 'scale' } : {});
      const entry = await world.sent(index, what, WEB, { spec: { replicas: was } }, { spec: { replicas: is } });
      await world.context.ledger.store(done(entry, owner, { uid: 'uid-web', resourceVersion: '1' }));
    };
    await did(0, 'deployments', 1, 2);
    await did(1, 'deployments/scale', 2, 3);
    return world;
  }

  it('so that an older change waits until the newer one is rolled back', async () => {
    const world = await scaled();
    world.refuses = ({ path }) => (path.endsWith('/scale') ? 500 : undefined);
    const first = await rollBack(world.context, run);
    assert.deepEqual(first.outcomes, []);
    assert.match(first.retries[1]?.reason ?? '', /effect 2 of the same object must be rolled back first/);
    world.refuses = () => undefined;
    const { outcomes } = await rollBack(world.context, run);
    assert.deepEqual(
      outcomes.map(({ effect, outcome }) => `${effect} ${outcome}`),
      ['1 Restored', '0 Restored'],
    );
    assert.deepEqual(world.contentOf(WEB), { metadata: { name: 'web' }, kind: 'Deployment', spec: { replicas: 1 } });
  });
});

describe('A server-side apply whose precondition stays in an annotation', () => {
  const LAST = 'kubectl.kubernetes.io/last-applied-configuration';
  const body = (a: string, precondition = {}) =>
    JSON.stringify({ kind: 'ConfigMap', metadata: { name: 'settings', ...precondition }, data: { a } });
  const settings = (a: string, last: string) => ({
    kind: 'ConfigMap',
    metadata: { name: 'settings', annotations: { [LAST]: last } },
    data: { a },
  });
  const apply = request(
    { apiGroup: '', resource: 'configmaps', name: 'settings' },
    {
      base: 'configmaps',
      info: { kind: 'ConfigMap', namespaced: true, verbs: ['get', 'patch'], hasStatus: false },
      contentType: APPLY,
      query: new Map([['fieldManager', 'kubectl']]),
    },
  );
  const was = settings('1', body('1'));
  const promised = settings('2', body('2'));
  const stored = settings('2', body('2', { resourceVersion: '1', uid: 'uid-settings' }));

  async function applied(): Promise<{ world: World; entry: Entry }> {
    const world = new World();
    world.api.put(SETTINGS, { kind: 'ConfigMap' });
    world.api.change(SETTINGS, (object) => {
      Object.assign(object.metadata, { annotations: stored.metadata.annotations });
      Object.assign(object, { data: stored.data });
    });
    return { world, entry: await world.sent(0, apply, SETTINGS, was, promised) };
  }

  it('is no alteration, and is restored', async () => {
    const { world, entry } = await applied();
    const { stored: kept } = await world.answered(entry, world.api.objects.get(SETTINGS));
    assert.equal(kept?.altered, undefined);
    assert.ok(kept?.change?.some(({ after }) => after === stored.metadata.annotations[LAST]));
    assert.deepEqual((await rollBack(world.context, run)).outcomes, [{ effect: 0, outcome: 'Restored' }]);
    assert.deepEqual(world.contentOf(SETTINGS), was);
  });

  it('is found to have landed when its answer is lost', async () => {
    const { world, entry } = await applied();
    const found = await findLanded(world.context.upstream, run, entry);
    assert.equal(found.kind, 'landed');
    assert.ok(found.kind === 'landed' && found.stored.altered === undefined && found.stored.change !== undefined);
  });

  it('is restored also if nobody could tell whether it landed', async () => {
    const { world, entry } = await applied();
    await world.context.ledger.store(lose(entry, owner, 'no answer came'));
    assert.deepEqual((await rollBack(world.context, run)).outcomes, [{ effect: 0, outcome: 'Restored' }]);
    assert.deepEqual(world.contentOf(SETTINGS), was);
  });

  it('stays when somebody wrote another annotation since', async () => {
    const { world, entry } = await applied();
    world.api.change(SETTINGS, (object) => Object.assign(object.metadata, { annotations: { [LAST]: body('2', { uid: 'x' }) } }));
    assert.equal((await findLanded(world.context.upstream, run, entry)).kind, 'unclear');
    await world.context.ledger.store(lose(entry, owner, 'no answer came'));
    const [outcome] = (await rollBack(world.context, run)).outcomes;
    assert.match(outcome?.message ?? '', /others changed \/metadata\/annotations\/.*last-applied-configuration since/);
  });
});

describe('What the API server assigns beside a change', () => {
  const SERVICE = '/api/v1/namespaces/shop/services/web';
  const service = (spec: { type: string; ports: object[] }) => ({ kind: 'Service', metadata: { name: 'web' }, spec });
  const patch = request(
    { apiGroup: '', resource: 'services' },
    {
      base: 'services',
      info: { kind: 'Service', namespaced: true, verbs: ['get', 'patch'], hasStatus: true },
      contentType: 'application/merge-patch+json',
      body: Buffer.from('{"spec":{"ports":[{"port":80,"nodePort":30001},{"port":81}]}}'),
    },
  );
  const was = service({ type: 'NodePort', ports: [{ port: 80, nodePort: 30001 }] });
  // A dry-run answers with a placeholder, which is not part of the change.
  const promised = service({ type: 'NodePort', ports: [{ port: 80, nodePort: 30001 }, { port: 81 }] });
  const stored = service({
    type: 'NodePort',
    ports: [
      { port: 80, nodePort: 30001 },
      { port: 81, nodePort: 31999 },
    ],
  });

  it('is no change of others, and is removed with it', async () => {
    const world = new World();
    world.api.put(SERVICE, { kind: 'Service', spec: stored.spec });
    const result = service({ ...was.spec, ports: [...was.spec.ports, { port: 81, nodePort: 32769 }] });
    let entry = await world.sent(0, patch, SERVICE, was, promised);
    entry = { ...entry, sending: entry.sending && { ...entry.sending, promised: { live: was, result } } };
    const { stored: kept } = await world.answered(entry, world.api.objects.get(SERVICE));
    assert.equal(kept?.altered, undefined);
    assert.deepEqual((await rollBack(world.context, run)).outcomes, [{ effect: 0, outcome: 'Restored' }]);
    assert.deepEqual(world.contentOf(SERVICE), was);
  });
});

it('An account that may update and not patch restores by an update', async () => {
  const world = new World();
  world.api.put(WEB, { kind: 'Deployment', spec: { replicas: 2 } });
  const what = request({ verb: 'update' });
  const entry = await world.sent(0, what, WEB, { spec: { replicas: 1 } }, { spec: { replicas: 2 } });
  await world.context.ledger.store(done(entry, owner, { uid: 'uid-web', resourceVersion: '1' }));
  world.refuses = ({ method }) => (method === 'PATCH' ? 403 : undefined);
  assert.deepEqual((await rollBack(world.context, run)).outcomes, [{ effect: 0, outcome: 'Restored' }]);
  assert.deepEqual(world.contentOf(WEB), { metadata: { name: 'web' }, kind: 'Deployment', spec: { replicas: 1 } });
});
