import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Effect } from '@sentinel/crds';
import { request } from '../effect/request.fixture.ts';
import { intended, send } from '../ledger/entry.ts';
import { Overtaken } from '../ledger/store.ts';
import { noteRefused } from './note-refused.ts';
import { createFlags, JOB, scaleUp, World } from './world.fixture.ts';

const owner = { process: 'two', nonce: 'b' };

function refusing(what = scaleUp) {
  const { context, run } = new World(what).replica('one');
  const [effect] = run.enforcement?.plan.spec.effects ?? [];
  const entry = async () => await context.ledger.entry(JOB, 0);
  return { context, run, effect: effect ?? assert.fail(), entry, note: noteRefused.bind(undefined, context, run) };
}

describe('The refusal of a write before it was intended', () => {
  it('is noted with its target and its reason', async () => {
    const { note, entry } = refusing();
    await note(scaleUp, 'no rights');
    const { state, target, why, owner: by } = (await entry()) ?? assert.fail();
    assert.deepEqual([state, why, by.process], ['Refused', 'patch deployments shop/web is refused: no rights', 'one']);
    assert.deepEqual(target, {
      ...{ index: 0, verb: 'patch', apiGroup: 'apps', version: 'v1', resource: 'deployments', name: 'web' },
      ...{ namespace: 'shop', uid: 'uid-web' },
    });
  });

  it('is noted for an object without a uid or a namespace', async () => {
    const { note, entry, effect } = refusing(createFlags);
    Object.assign(effect, { namespace: undefined });
    await note({ ...createFlags, api: { ...createFlags.api, namespace: undefined } }, 'no');
    const { target } = (await entry()) ?? assert.fail();
    assert.deepEqual(['uid' in target, 'namespace' in target], [false, false]);
  });

  it('is cut where it is long', async () => {
    const { note, entry } = refusing();
    await note(scaleUp, 'x'.repeat(5000));
    assert.equal((await entry())?.why?.length, 1000);
  });

  it('replaces an earlier one, and is not stored again where it is the same', async () => {
    const { note, entry } = refusing();
    await note(scaleUp, 'first');
    const before = (await entry())?.version;
    await note(scaleUp, 'first');
    assert.equal((await entry())?.version, before);
    await note(scaleUp, 'second');
    assert.match((await entry())?.why ?? '', /second$/);
  });

  it('changes nothing that is under way', async () => {
    const { note, context, entry } = refusing();
    const target = { index: 0, verb: 'patch', apiGroup: 'apps', version: 'v1', resource: 'deployments', name: 'web' } as const;
    const intent = await context.ledger.store(intended(JOB, target, owner, 1));
    await note(scaleUp, 'no');
    assert.equal((await entry())?.state, 'Intended');
    await context.ledger.store(send(intent, owner, { request: scaleUp, change: [] } as never));
    await note(scaleUp, 'no');
    assert.equal((await entry())?.state, 'Sent');
  });

  it('changes nothing that was intended since the states were read', async () => {
    const { note, context, entry } = refusing();
    await note(scaleUp, 'first');
    const { ledger } = context;
    const states = await ledger.states(JOB);
    const held = (await entry()) ?? assert.fail();
    await ledger.store({ ...held, state: 'Intended', owner });
    ledger.states = async () => states;
    await note(scaleUp, 'second');
    assert.equal((await entry())?.state, 'Intended');
  });

  const others: Readonly<Record<string, Parameters<typeof request>[0]>> = {
    verb: { verb: 'update' },
    group: { apiGroup: 'example.com' },
    resource: { resource: 'deployments/scale' },
    namespace: { namespace: 'bank' },
    name: { name: 'api' },
  };
  for (const [what, api] of Object.entries(others))
    it(`is not noted for a write that is in no plan: another ${what}`, async () => {
      const { note, entry } = refusing();
      await note(request(api), 'no');
      assert.equal(await entry(), undefined);
    });
  it('is not noted for a write in another version, nor without a plan', async () => {
    const { note, entry, context, run } = refusing();
    await note(request({}, { version: 'v2' }), 'no');
    await noteRefused(context, { ...run, enforcement: undefined }, scaleUp, 'no');
    assert.equal(await entry(), undefined);
  });

  it('is noted for a read of the object, and for a create without a name', async () => {
    const read = refusing();
    await read.note(request({ verb: 'get' }), 'no');
    assert.equal((await read.entry())?.state, 'Refused');
    const create = refusing(createFlags);
    await create.note(createFlags, 'no');
    assert.equal((await create.entry())?.state, 'Refused');
  });

  it('is that of the next effect of the same object where the first is done', async () => {
    const { note, context, run, effect } = refusing();
    (run.enforcement?.plan.spec as { effects: Effect[] }).effects = [effect, { ...effect, index: 1 }];
    const target = { index: 0, verb: 'patch', apiGroup: 'apps', version: 'v1', resource: 'deployments', name: 'web' } as const;
    await context.ledger.store(intended(JOB, target, owner, 1));
    await note(scaleUp, 'no');
    assert.equal((await context.ledger.entry(JOB, 1))?.state, 'Refused');
  });

  it('gives way to another request for the same effect; any other failure is told', async () => {
    const { note, context } = refusing();
    context.ledger.store = () => Promise.reject(new Overtaken('effect 1'));
    await note(scaleUp, 'no');
    context.ledger.store = () => Promise.reject(new Error('no etcd'));
    await assert.rejects(note(scaleUp, 'no'), /no etcd/);
  });
});
