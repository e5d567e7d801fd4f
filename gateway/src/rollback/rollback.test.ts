import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TransportRequest } from '@sentinel/kube';
import { request } from '../effect/request.fixture.ts';
import { rollBack } from './rollback.ts';
import { isNoteOfEnd, isWrite, MADE, run, WEB, World } from './world.fixture.ts';

const restored = ['2 Restored', '1 Restored', '0 Restored'];

describe('A rollback that is asked for twice', () => {
  it('says of what the first pass restored that it is restored, and writes nothing', async () => {
    const world = await World.make();
    assert.deepEqual(await world.pass(), restored);
    assert.ok(world.isAsBefore());
    const { length } = world.api.persisted;
    assert.deepEqual(await world.pass(), restored);
    assert.equal(world.api.persisted.length, length);
  });

  const faults: Readonly<Record<string, readonly ['lost' | 'answer-lost' | 500, (request: TransportRequest) => boolean]>> = {
    'no write of the first arrived': ['lost', isWrite],
    'the answer to a write of the first was lost': ['answer-lost', isWrite],
    'the API server failed after a write of the first': [500, isNoteOfEnd],
    'the answer to a note of the first was lost': ['answer-lost', isNoteOfEnd],
  };
  for (const [what, [fault, at]] of Object.entries(faults))
    for (const nth of [1, 2, 3])
      it(`says so, too, when ${what}: effect ${3 - nth}`, async () => {
        const world = await World.make();
        let seen = 0;
        world.before = (asked) => (at(asked) && ++seen === nth ? fault : undefined);
        await world.pass().catch(() => undefined);
        world.before = () => undefined;
        assert.deepEqual(await world.pass(), restored);
        assert.ok(world.isAsBefore());
      });

  it('restores each effect once when both passes run at the same time', async () => {
    const world = await World.make();
    // Whichever is overtaken by the other is asked for again.
    const passes = await Promise.allSettled([world.pass(), world.pass()]);
    for (const one of passes) if (one.status === 'fulfilled') assert.deepEqual(one.value, restored);
    assert.deepEqual(await world.pass(), restored);
    assert.ok(world.isAsBefore());
    assert.equal(world.api.persisted.filter((one) => !one.includes('sentinel-ledger')).length, 3);
  });

  it('leaves what somebody changed after the first pass, and says restored of it: the rollback was that', async () => {
    const world = await World.make();
    await world.pass();
    world.api.change(WEB, (object) => Object.assign(object, { note: 'b' }));
    assert.deepEqual(await world.pass(), restored);
    assert.equal(world.api.objects.get(WEB)?.note, 'b');
  });
});

describe('A rollback whose objects change between read and write', () => {
  const beforeWrites = (world: World, times: number, change: () => void) => {
    let left = times;
    world.before = (asked) => {
      if (isWrite(asked) && left-- > 0) change();
      return undefined;
    };
  };

  it('reads again as often as it takes, and restores what is still that of the run', async () => {
    const world = await World.make();
    let count = 0;
    beforeWrites(world, 10, () => {
      for (const path of [WEB, MADE])
        if (world.api.objects.has(path))
          world.api.change(path, (object) => Object.assign(object, { status: { count: ++count } }));
    });
    // A ConfigMap has no status: what others put there is an extension.
    world.api.objects.delete(MADE);
    assert.deepEqual(await world.pass(), ['2 Unchanged', '1 Restored', '0 Restored']);
    assert.ok(world.isAsBefore());
  });

  it('judges again: what somebody changed in that moment stays', async () => {
    const world = await World.make();
    beforeWrites(world, 1, () => world.api.change(MADE, (object) => Object.assign(object, { data: { a: '1', b: 'new' } })));
    assert.deepEqual(await world.pass(), ['2 Skipped', '1 Restored', '0 Restored']);
    assert.deepEqual(world.api.objects.get(MADE)?.data, { a: '1', b: 'new' });
  });

  it('restores fields that are still those of the run in an object that changes all the time', async () => {
    const world = await World.make();
    beforeWrites(world, Number.POSITIVE_INFINITY, () =>
      world.api.change(WEB, (object) => Object.assign(object, { status: { at: Math.random() } })),
    );
    assert.deepEqual((await world.pass()).slice(1), ['1 Restored', '0 Restored']);
    assert.ok(world.isAsBefore());
    assert.ok(world.pauses.length >= 8 && world.pauses.every((ms) => ms <= 500));
  });

  it('judges the fields again also there', async () => {
    const world = await World.make();
    let count = 0;
    beforeWrites(world, Number.POSITIVE_INFINITY, () =>
      world.api.change(WEB, (object) => {
        count += 1;
        Object.assign(object, { status: { count } }, count === 5 ? { note: 'of a person' } : {});
      }),
    );
    // The first write to a busy object is the fifth for it; nothing is written to the ConfigMap.
    world.api.put(MADE, { apiVersion: 'v1', kind: 'ConfigMap', data: { a: '1', b: '2' } });
    assert.deepEqual(await world.pass(), ['2 Skipped', '1 Skipped', '0 Restored']);
    assert.equal(world.api.objects.get(WEB)?.note, 'of a person');
  });

  it('says that it gave up on a created object that changes all the time', async () => {
    const world = await World.make();
    beforeWrites(world, Number.POSITIVE_INFINITY, () => world.api.change(MADE, () => undefined));
    const [made] = (await rollBack(world.context, run)).outcomes;
    assert.deepEqual(made, {
      effect: 2,
      outcome: 'Failed',
      message: 'the object keeps changing; the change of the run was not rolled back',
    });
  });

  it('tests values as the API server encodes them', async () => {
    const world = new World();
    world.api.change(WEB, (object) => Object.assign(object, { note: 'b & <c>' }));
    await world.did(0, request(), { spec: { replicas: 2 }, note: 'a' }, { spec: { replicas: 2 }, note: 'b & <c>' });
    const bodies: string[] = [];
    world.before = (asked) => {
      if (isWrite(asked)) bodies.push(String(asked.body));
      return undefined;
    };
    assert.deepEqual(await world.pass(), ['0 Restored']);
    assert.match(bodies[0] ?? '', /"b \\u0026 \\u003cc\\u003e"/);
  });

  it('says what the API server refuses for another reason', async () => {
    const world = await World.make();
    world.before = (asked) => (isWrite(asked) && asked.method === 'PATCH' ? 422 : undefined);
    const [, one] = (await rollBack(world.context, run)).outcomes;
    assert.deepEqual(one, { effect: 1, outcome: 'Failed', message: 'the API server refused it (HTTP 422): injected 422' });
  });
});

describe('A rollback while the API server does not answer', () => {
  for (const [what, fault] of [['is lost', 'lost'] as const, ['fails', 500] as const])
    it(`has no outcome yet where each request ${what}, and is made when it is asked for again`, async () => {
      const world = await World.make();
      world.before = (asked) => (asked.path.startsWith('/apis/apps') ? fault : undefined);
      await assert.rejects(world.pass(), /the API server is temporarily unavailable/);
      world.before = () => undefined;
      assert.deepEqual(await world.pass(), restored);
      assert.ok(world.isAsBefore());
    });

  it('goes on to the other effects when one cannot be rolled back', async () => {
    const world = await World.make();
    let healed = false;
    world.before = (asked) => {
      // The newest effect cannot be deleted as long as the oldest is not restored.
      if (asked.method === 'PATCH') healed = true;
      return asked.method === 'DELETE' && !healed ? 500 : undefined;
    };
    const first = await rollBack(world.context, run);
    assert.deepEqual(
      first.outcomes.map(({ effect, outcome }) => `${effect} ${outcome}`),
      ['1 Restored', '0 Restored'],
    );
    assert.deepEqual(first.retries, [{ effect: 2, reason: 'the API server is temporarily unavailable: HTTP 500' }]);
    const second = await rollBack({ ...world.context, settled: new Set([0, 1]) }, run);
    assert.deepEqual(second, { outcomes: [{ effect: 2, outcome: 'Restored' }], retries: [] });
    assert.ok(world.isAsBefore());
  });

  it('does not judge an older change of an object whose newer one is not rolled back', async () => {
    const world = await World.make();
    world.before = (asked) => (asked.method === 'PATCH' ? 500 : undefined);
    const { outcomes, retries } = await rollBack(world.context, run);
    assert.deepEqual(outcomes, [{ effect: 2, outcome: 'Restored' }]);
    assert.deepEqual(
      retries.map(({ effect }) => effect),
      [1, 0],
    );
    assert.match(retries[1]?.reason ?? '', /effect 2 of the same object must be rolled back first/);
    world.before = () => undefined;
    assert.deepEqual(await world.pass(), restored);
  });

  it('answers when its time is over, and begins the next pass with what had no turn', async () => {
    const world = await World.make();
    let now = 0;
    const context = { ...world.context, clock: () => now };
    world.before = (asked) => {
      if (asked.method !== 'DELETE') return undefined;
      now += 31_000;
      return 500;
    };
    const first = await rollBack(context, run);
    assert.deepEqual([first.outcomes, first.retries.map(({ effect }) => effect)], [[], [2, 1, 0]]);
    assert.equal(now, 31_000);
    const second = await rollBack(context, run);
    assert.deepEqual(
      second.outcomes.map(({ effect, outcome }) => `${effect} ${outcome}`),
      ['1 Restored', '0 Restored'],
    );
  });

  it('tries again by itself where it fails once', async () => {
    const world = await World.make();
    let failed = 0;
    world.before = (asked) => (isWrite(asked) && failed++ % 2 === 0 ? 500 : undefined);
    assert.deepEqual(await world.pass(), restored);
  });
});

it('A rollback writes nothing while the kill switch is on', async () => {
  const world = await World.make();
  let asked = 0;
  const refusal = () => (++asked > 1 ? 'AgentPolicy/p is suspended' : undefined);
  await assert.rejects(rollBack({ ...world.context, refusal }, run), /nothing is rolled back: AgentPolicy\/p is suspended/);
  assert.equal(world.api.persisted.filter((one) => one.startsWith('PATCH')).length, 0);
  assert.deepEqual(await world.pass(), restored);
});

it('A created object that cannot be read after its deletion does not count as gone', async () => {
  const world = await World.make();
  let deleted = false;
  const { upstream } = world.context;
  const send = upstream.send.bind(upstream);
  upstream.send = async (of, stage, asked) => {
    if (deleted && asked.method === 'GET' && asked.path === MADE)
      return { status: 403, headers: {}, body: Buffer.from('{"kind":"Status","metadata":{}}') } as never;
    deleted ||= asked.method === 'DELETE';
    return await send(of, stage, asked);
  };
  const { outcomes } = await rollBack(world.context, run);
  assert.deepEqual(outcomes[0], {
    effect: 2,
    outcome: 'Failed',
    message: 'its deletion was accepted, but the object could not be fetched (HTTP 403)',
  });
});
