import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Resolution } from '@sentinel/crds';
import type { TransportRequest } from '@sentinel/kube';
import type { Fault } from '../enforce/memory-api.fixture.ts';
import {
  attempt,
  createFlags,
  type Death,
  deleteWeb,
  firstOnly,
  isDeath,
  JOB,
  LEDGER,
  points,
  type Replica,
  scaleUp,
  settled,
  WEB,
  World,
} from '../enforce/world.fixture.ts';
import { openOrder } from '../ledger/entry.ts';
import { Refused } from '../request/refused.ts';
import { type ResolveContext, resolveEffect, resumeOrder } from './resolve-effect.ts';

// An approved write whose outcome is unknown, and what people decide on it. Whatever happens in between: it lands at most once, each
// order counts once, and what the ledger says is true.

const writes = { 'a patch': scaleUp, 'a create': createFlags, 'a delete': deleteWeb };
const resolutions: readonly Resolution[] = ['accept', 'redo', 'roll-back'];
const FLAGS = '/api/v1/namespaces/shop/configmaps/flags';
const order = (resolution: Resolution, id = 'seal-1') => ({
  id,
  effect: 0,
  resolution,
  user: 'ada',
  time: '2026-01-01T12:00:00Z',
});

/** A write that was sent, whose answer is lost, and that may not be sent again: it lands when the test says so, or never. */
async function lostWrite(what: (typeof writes)[keyof typeof writes], fault: Fault = 'late'): Promise<World> {
  const world = new World(what);
  await attempt(world.replica('one', { at: 'the write', fault, refusal: firstOnly('suspended') }), what);
  assert.equal((await entryOf(world.replica('reader')))?.state, 'Unknown');
  return world;
}

const entryOf = ({ context }: Replica) => context.ledger.entry(JOB, 0);

type More = Partial<Pick<ResolveContext, 'refusalOfRedo' | 'suspension'>>;
const contextOf = ({ context }: Replica, more: More = {}): ResolveContext => ({
  ...context,
  refusalOfRedo: async () => undefined,
  suspension: () => undefined,
  ...more,
});

/** Resolves as the gateway does it: what is open first, then what was ordered. Answers with the entry, or `dead`. */
async function resolve(replica: Replica, given: ReturnType<typeof order>, more?: More) {
  const context = contextOf(replica, more);
  const { enforcement } = replica.run;
  assert.ok(enforcement);
  const work = async () => {
    for (const entry of await context.ledger.entries(JOB))
      if (entry.state === 'Sent' || openOrder(entry)) await resumeOrder(context, replica.run, entry);
    await resolveEffect(context, { ...replica.run, enforcement }, given);
    return await entryOf(replica);
  };
  const asked = work().catch((error: unknown) => {
    if (error instanceof Refused && error.status === 503) return undefined;
    throw error;
  });
  return await Promise.race([asked, replica.died.then(() => undefined)]);
}

describe('Accept', () => {
  for (const [name, what] of Object.entries(writes))
    it(`${name}: settles the entry with who and when, and writes nothing`, async () => {
      const world = await lostWrite(what);
      const entry = await resolve(world.replica('two'), order('accept'));
      assert.equal(entry?.state, 'Accepted');
      assert.deepEqual(
        entry?.orders?.map(({ resolution, user, time, refused }) => [resolution, user, time, refused]),
        [['accept', 'ada', '2026-01-01T12:00:00Z', undefined]],
      );
      assert.equal(world.landed(), 0);
      assert.equal((await settled(world.replica('three')))?.state, 'Accepted');
    });
});

describe('Redo', () => {
  for (const [name, what] of Object.entries(writes)) {
    it(`${name}: is sent again, and what was on its way cannot land beside it`, async () => {
      const world = await lostWrite(what);
      assert.equal((await resolve(world.replica('two'), order('redo')))?.state, 'Done');
      world.api.land();
      assert.equal(world.landed(), 1);
    });

    it(`${name}: what has landed meanwhile is found as done`, async () => {
      const world = await lostWrite(what);
      world.api.land();
      assert.equal((await resolve(world.replica('two'), order('redo')))?.state, 'Done');
      assert.equal(world.landed(), 1);
    });

    it(`${name}: is not sent where policy refuses it now, and says why`, async () => {
      const world = await lostWrite(what);
      const entry = await resolve(world.replica('two'), order('redo'), { refusalOfRedo: async () => 'a freeze holds' });
      assert.equal(entry?.state, 'Unknown');
      assert.match(entry?.orders?.at(-1)?.refused ?? '', /may not be sent again: a freeze holds/);
      assert.match(entry?.why ?? '', what === createFlags ? /may have deleted it since/ : /suspended/);
      assert.equal(world.landed(), 0);
      assert.equal((await resolve(world.replica('two'), order('redo', 'seal-2')))?.state, 'Done');
      assert.equal(entry?.orders?.length, 1);
    });
  }

  it('is sent with the version of now, where somebody changed another field', async () => {
    const world = await lostWrite(scaleUp, 'lost');
    world.api.change(WEB, (object) => Object.assign(object, { note: 'x' }));
    assert.equal((await resolve(world.replica('two'), order('redo')))?.state, 'Done');
    assert.equal(world.landed(), 1);
  });

  it('is refused where the change is not the approved one any more', async () => {
    const world = await lostWrite(scaleUp, 'lost');
    world.api.change(WEB, (object) => Object.assign(object, { spec: { replicas: 7 } }));
    const entry = await resolve(world.replica('two'), order('redo'));
    assert.deepEqual([entry?.state, world.landed()], ['Unknown', 0]);
    assert.match(entry?.orders?.at(-1)?.refused ?? '', /neither the state before the write nor the state after it/);
  });

  it('is refused where the same request would change more by now', async () => {
    const both = { ...scaleUp, body: Buffer.from('{"spec":{"replicas":2},"note":"a"}') };
    const world = new World(both);
    world.api.change(WEB, (object) => Object.assign(object, { note: 'a' }));
    await attempt(world.replica('one', { at: 'the write', fault: 'lost', refusal: firstOnly('suspended') }), both);
    world.api.change(WEB, (object) => Object.assign(object, { note: 'b' }));
    const entry = await resolve(world.replica('two'), order('redo'));
    assert.deepEqual([entry?.state, world.landed()], ['Unknown', 0]);
    assert.match(entry?.orders?.at(-1)?.refused ?? '', /not the approved change any more: .*\/note/);
  });

  it('says when the API server refuses the write itself, and knows that nothing happened only where it can', async () => {
    const world = await lostWrite(scaleUp, 'lost');
    const entry = await resolve(world.replica('two', { at: 'the write', fault: 409 }), order('redo'));
    assert.equal(entry?.state, 'Unknown');
    assert.match(entry?.orders?.at(-1)?.refused ?? '', /HTTP 409/);
  });
});

describe('Roll-back', () => {
  it('undoes what was applied', async () => {
    const world = await lostWrite(scaleUp);
    world.api.land();
    const entry = await resolve(world.replica('two'), order('roll-back'));
    assert.deepEqual([entry?.state, entry?.rollback, entry?.orders?.[0]?.refused], ['Done', 'Restored', undefined]);
    assert.deepEqual(world.api.objects.get(WEB)?.spec, { replicas: 1 });
  });

  it('removes what was created', async () => {
    const world = await lostWrite(createFlags);
    world.api.land();
    const entry = await resolve(world.replica('two'), order('roll-back'));
    assert.deepEqual([entry?.state, entry?.rollback], ['Done', 'Restored']);
    assert.equal(world.api.objects.get(FLAGS), undefined);
  });

  it('has nothing to do where the write can surely not land any more', async () => {
    const world = await lostWrite(scaleUp, 'lost');
    world.api.change(WEB, (object) => Object.assign(object, { note: 'x' }));
    const entry = await resolve(world.replica('two'), order('roll-back'));
    assert.deepEqual([entry?.state, entry?.orders?.[0]?.refused], ['Refused', undefined]);
  });

  const refused: Readonly<Record<string, [(world: World) => void, RegExp, More?]>> = {
    'that may still land': [() => {}, /may still be/],
    'of which the object shows something else': [
      ({ api }) => api.change(WEB, (object) => Object.assign(object, { spec: { replicas: 7 } })),
      /neither the state before the write/,
    ],
    'while a kill switch is on': [({ api }) => api.land(), /floor is suspended/, { suspension: () => 'floor is suspended' }],
  };
  for (const [name, [change, why, more]] of Object.entries(refused))
    it(`leaves alone what ${name}: it stays unknown, and the order says why`, async () => {
      const world = await lostWrite(scaleUp);
      change(world);
      const before = JSON.stringify(world.api.objects.get(WEB));
      const entry = await resolve(world.replica('two'), order('roll-back'), more);
      assert.equal(entry?.state, 'Unknown');
      assert.match(entry?.orders?.at(-1)?.refused ?? '', why);
      assert.equal(JSON.stringify(world.api.objects.get(WEB)), before);
    });
});

describe('A resolution', () => {
  for (const resolution of resolutions) {
    it(`${resolution}: counts once, however often it is asked for`, async () => {
      const world = await lostWrite(scaleUp);
      const first = await resolve(world.replica('two'), order(resolution));
      const again = await resolve(world.replica('three'), order(resolution));
      assert.deepEqual([again?.state, again?.orders, again?.version], [first?.state, first?.orders, first?.version]);
    });

    it(`${resolution}: does nothing where the outcome is known`, async () => {
      const world = new World(scaleUp);
      await attempt(world.replica('one'), scaleUp);
      assert.deepEqual((await resolve(world.replica('two'), order(resolution)))?.orders, undefined);
    });
  }

  it('that was refused leaves the next one free', async () => {
    const world = await lostWrite(scaleUp);
    await resolve(world.replica('two'), order('roll-back', 'seal-1'));
    const entry = await resolve(world.replica('two'), order('accept', 'seal-2'));
    assert.equal(entry?.state, 'Accepted');
    assert.deepEqual(
      entry?.orders?.map(({ id, refused }) => [id, refused !== undefined]),
      [
        ['seal-1', true],
        ['seal-2', false],
      ],
    );
  });
});

describe('Interleavings of a resolution', () => {
  const faults: readonly (Fault | Death)[] = [
    'death-before',
    'death-in-flight',
    'death-after',
    'lost',
    'answer-lost',
    'late',
    409,
    500,
  ];
  const at: Readonly<Record<string, (request: TransportRequest) => boolean>> = {
    ...points,
    'a note in the ledger': ({ method, path }) => method === 'PUT' && path.startsWith(`${LEDGER}/secrets`),
  };
  const earlier = ['never lands', 'landed before', 'lands after the order', 'lands at the end'] as const;
  for (const [name, what] of Object.entries(writes))
    for (const resolution of resolutions)
      for (const where of ['a note in the ledger', 'the note that it is sent', 'the write', 'the note of its outcome'] as const)
        for (const fault of faults)
          for (const first of earlier)
            it(`${name}, ${resolution}: ${fault} at ${where}; the earlier write ${first}`, async () => {
              const world = await lostWrite(what, first === 'never lands' ? 'lost' : 'late');
              if (first === 'landed before') world.api.land();
              const broken = world.replica('two', { at: where, fault, hits: at[where] });
              await resolve(broken, order(resolution)).catch(() => undefined);
              if (first === 'lands after the order') world.api.land();
              // Two replicas at once, as when the operator changes its leader, then one that is not disturbed.
              const alive = isDeath(fault) ? world.replica('two-again') : broken;
              await Promise.all(
                [alive, world.replica('three')].map((one) => resolve(one, order(resolution)).catch(() => undefined)),
              );
              const entry = await resolve(world.replica('four'), order(resolution));
              if (first === 'lands at the end') world.api.land();
              // A rollback is a write of its own, and undoes what was applied.
              const [landed, takenBack] = [world.landed(), entry?.rollback === 'Restored' ? 1 : 0];
              assert.ok(landed - takenBack <= 1, `it landed ${landed} times`);
              if (entry?.state === 'Done') assert.ok(landed >= 1, 'the ledger says that it is done');
              if (entry?.state === 'Refused') assert.equal(landed, 0, 'the ledger says that it was not carried out');
              assert.ok(['Done', 'Refused', 'Unknown', 'Accepted'].includes(entry?.state ?? ''), entry?.state);
              assert.equal(entry && openOrder(entry), undefined, 'the order has ended');
              assert.equal(entry?.orders?.filter(({ id }) => id === 'seal-1').length, 1, 'it counts once');
            });
});
