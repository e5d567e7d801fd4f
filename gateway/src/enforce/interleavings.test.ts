import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { changesBetween } from '../effect/change.ts';
import { describeEffect } from '../effect/describe.ts';
import { request } from '../effect/request.fixture.ts';
import { rollBack } from '../rollback/rollback.ts';
import { enforceWrite } from './enforce-write.ts';
import { arrivalsOf, faults, pause, sequels } from './interleavings.fixture.ts';
import type { Fault } from './memory-api.fixture.ts';
import { noteRefused } from './note-refused.ts';
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
  scaleUp,
  settled,
  WEB,
  World,
} from './world.fixture.ts';

// One approved effect, requests for it from two replicas of the gateway, and everything that can go wrong in between. Whatever it is:
// the write lands at most once, and what the ledger says of it is true.

const writes = { 'a patch': scaleUp, 'a create': createFlags, 'a delete': deleteWeb };

describe('One approved write', () => {
  for (const [name, what] of Object.entries(writes))
    for (const at of Object.keys(points))
      for (const fault of faults)
        for (const sequel of sequels)
          for (const arrival of arrivalsOf(fault))
            it(`${name}: ${fault} at ${at}; then ${sequel}${arrival === 'never' ? '' : `, arrival ${arrival}`}`, async () => {
              const world = new World(what);
              const arrive = (when: string) => {
                if (when !== arrival) return;
                world.api.land();
                world.api.release();
              };
              const first = world.replica('one', { at, fault });
              const begun = attempt(first, what);
              // What is held has no end of its own.
              await (fault === 'held' ? pause(10) : begun);
              arrive('before that');
              const other = world.replica('two');
              const here = isDeath(fault) ? world.replica('one-again') : first;
              const askers = {
                nobody: [],
                'the same replica': [here],
                'another replica': [other],
                'both at once': [here, other],
              };
              const asked = askers[sequel].map((asker) => attempt(asker, what));
              await (fault === 'held' ? pause(25) : Promise.all(asked));
              arrive('after that');
              const report = await settled(world.replica('three'));
              let wasThere = world.landed() > 0;
              arrive('after the report');
              const goOn = setInterval(() => world.api.release(), 5);
              await Promise.all(isDeath(fault) ? asked : [begun, ...asked]).finally(() => clearInterval(goOn));
              // A process that is alive goes on after a report; of one that is not, the report is the last word.
              if (fault === 'held') wasThere = world.landed() > 0;
              const entry = fault === 'held' ? await settled(world.replica('four')) : report;
              const times = world.landed();
              assert.ok(times <= 1, `it landed ${times} times`);
              if (entry?.state === 'Done') assert.equal(times, 1, 'the ledger says that it is done');
              if (entry === undefined || entry.state === 'Refused' || entry.state === 'Intended')
                assert.equal(times, 0, `the ledger says ${entry?.state ?? 'nothing'}`);
              assert.ok(!world.api.persisted.some((one) => one.startsWith(`DELETE ${LEDGER}`)), 'the ledger lost something');
              // With the API server back, the report knows the outcome, except of a create that the object does not show.
              assert.notEqual(entry?.state, 'Sent');
              if (what !== createFlags || wasThere) assert.notEqual(entry?.state, 'Unknown');
            });
});

describe('A create whose answer is lost', () => {
  const HOUR_MS = 3_600_000;
  for (const skewMs of [-HOUR_MS, 0, HOUR_MS])
    it(`is known to have landed when the clock of the API server is ${skewMs / 60_000} minutes ahead of the gateway's`, async () => {
      const world = new World(createFlags);
      world.api.skewMs = skewMs;
      await attempt(world.replica('one', { at: 'the write', fault: 'death-after' }), createFlags);
      assert.equal((await settled(world.replica('two')))?.state, 'Done');
      assert.equal(world.landed(), 1);
    });

  it('is known not to have landed where the name belongs to an older object, whatever the clocks say', async () => {
    for (const skewMs of [-HOUR_MS, 0, HOUR_MS]) {
      const world = new World(createFlags);
      const flags = '/api/v1/namespaces/shop/configmaps/flags';
      world.api.skewMs = skewMs;
      await attempt(world.replica('one', { at: 'the write', fault: 'death-before' }), createFlags);
      world.api.put(flags, { apiVersion: 'v1', kind: 'ConfigMap', data: { a: '1' } });
      const creationTimestamp = new Date(Date.now() + skewMs - 60_000).toISOString();
      world.api.change(flags, ({ metadata }) => Object.assign(metadata, { creationTimestamp }));
      assert.equal((await settled(world.replica('two')))?.state, 'Refused');
    }
  });
});

describe('The approved write sent four times at once', () => {
  for (const [name, what] of Object.entries(writes))
    it(`${name}: is carried out once, by one replica or by two, and the ledger says so`, async () => {
      const world = new World(what);
      const [one, two] = [world.replica('one'), world.replica('two')];
      await Promise.all([one, one, two, two].map((replica) => attempt(replica, what)));
      assert.equal(world.landed(), 1);
      assert.equal((await settled(one))?.state, 'Done');
    });
});

describe('A run', () => {
  it('that is blocked on one replica is blocked on every other', async () => {
    const world = new World(scaleUp);
    const [one, two] = [world.replica('one'), world.replica('two')];
    const evil = { ...scaleUp, body: Buffer.from('{"spec":{"replicas":9}}') };
    assert.match(await attempt(one, evil), /attempted 1 → 9/);
    assert.match(await attempt(two, scaleUp), /attempted 1 → 9/);
    assert.equal(world.landed(), 0);
  });

  it('writes nothing that is forbidden at that moment, and may write it when it is allowed again', async () => {
    const world = new World(scaleUp);
    let refusal: string | undefined = 'the action was cancelled';
    const one = world.replica('one', { refusal: () => refusal });
    assert.match(await attempt(one, scaleUp), /the action was cancelled/);
    assert.equal(world.landed(), 0);
    refusal = undefined;
    assert.equal(await attempt(one, scaleUp), '200');
    assert.equal(world.landed(), 1);
  });

  it('writes nothing by a permission that a slow API server has made old', async () => {
    const world = new World(scaleUp);
    const one = world.replica('one', { at: 'the note that it is sent', fault: 'held', refusal: firstOnly('suspended') });
    const begun = attempt(one, scaleUp);
    await world.api.untilHeld();
    await pause(600);
    world.api.release();
    assert.match(await begun, /suspended/);
    assert.equal(world.landed(), 0);
    assert.equal((await settled(one))?.state, 'Refused');
  });

  it('says why a write was refused before it was intended, and keeps what is known about it otherwise', async () => {
    const world = new World(scaleUp);
    const { context, run } = world.replica('one');
    await noteRefused(context, run, request({ name: 'other' }), 'not this one');
    assert.deepEqual(await context.ledger.entries(JOB), []);
    await noteRefused(context, run, request({ verb: 'get' }), 'hands off');
    await noteRefused(context, run, scaleUp, 'hands off!');
    const [entry] = await context.ledger.entries(JOB);
    assert.deepEqual([entry?.state, entry?.why], ['Refused', 'patch deployments shop/web is refused: hands off!']);
    assert.equal((await enforceWrite(context, run, scaleUp)).status, 200);
    await noteRefused(context, run, scaleUp, 'too late');
    assert.equal((await context.ledger.entry(JOB, 0))?.state, 'Done');
  });

  it('does not send again what is forbidden by then: its outcome is unknown, until it shows', async () => {
    const world = new World(scaleUp);
    const one = world.replica('one', { at: 'the write', fault: 'late', refusal: firstOnly('suspended') });
    assert.match(await attempt(one, scaleUp), /outcome of effect 1 .* is unknown: it may not be sent again: suspended/);
    assert.equal((await settled(one))?.state, 'Unknown');
    world.api.land();
    assert.equal((await settled(one))?.state, 'Done');
    assert.equal(world.landed(), 1);
  });

  it('keeps values of any size, in as many objects as it takes, and restores them', async () => {
    const big = (seed: string) => Array.from({ length: 30_000 }, (_, index) => `${seed}${(index * 7919) % 104_729}`).join(' ');
    const world = new World(scaleUp);
    world.api.change(WEB, (object) => Object.assign(object, { data: { conf: big('a') } }));
    const what = { ...scaleUp, body: Buffer.from(JSON.stringify({ data: { conf: big('b') } })) };
    const { context, run } = world.replica('one');
    const change = changesBetween({ data: { conf: big('a') } }, { data: { conf: big('b') } });
    const effect = { ...describeEffect(what, { name: 'web', uid: 'uid-web', changes: change }), index: 0 };
    (run.enforcement as { plan: unknown }).plan = { spec: { effects: [effect] } };
    assert.equal((await enforceWrite(context, run, what)).status, 200);
    const [entry] = await context.ledger.entries(JOB);
    assert.equal(entry?.sending?.change[0]?.before, big('a'));
    assert.deepEqual(entry?.sending?.request.body, what.body);
  });
});

describe('A rollback', () => {
  it('takes a write whose outcome is unknown, and which may still arrive, for what it is', async () => {
    const world = new World(scaleUp);
    const one = world.replica('one', { at: 'the write', fault: 'late', refusal: firstOnly('suspended') });
    await attempt(one, scaleUp);
    const [outcome] = (await rollBack(one.context, one.run)).outcomes;
    assert.equal(outcome?.outcome, 'Failed');
    assert.match(outcome?.message ?? '', /may still be applied/);
  });
});

describe('What the API server stored', () => {
  const inject = (object: Record<string, unknown>) => Object.assign(object, { injected: 'x' });
  const faults: readonly [string, Fault | Death | undefined][] = [
    ['the write', undefined],
    ['the write', 'answer-lost'],
    ['the write', 'death-after'],
    ['the note of its outcome', 'answer-lost'],
    ['the note of its outcome', 'death-after'],
    ['the note of its outcome', 'death-before'],
  ];
  for (const [name, what] of Object.entries({ 'a patch': scaleUp, 'a create': createFlags }))
    for (const [at, fault] of faults)
      it(`${name}: is blocked when something changed it on its way, also with ${fault ?? 'nothing'} at ${at}`, async () => {
        const world = new World(what);
        world.api.mutate = inject;
        await attempt(world.replica('one', { at, fault }), what);
        const other = world.replica('two');
        await attempt(other, what);
        const entry = await settled(other);
        // A create of which nobody can tell who made it is not called done.
        if (entry?.state === 'Done') assert.match(entry.stored?.altered ?? '', /injected is "x"/);
        else assert.equal(entry?.state, 'Unknown');
        assert.match(await attempt(world.replica('three'), what), /stored differently|outcome of effect 1|is unknown/);
      });
});

describe('An answer of 409 that is not a failed precondition', () => {
  for (const [name, what] of Object.entries({ 'a patch': scaleUp, 'a create': createFlags }))
    it(`${name}: does not say that what is on its way will not land`, async () => {
      const world = new World(what);
      // The first is late; a quota answers the second.
      const one = world.replica('one', { at: 'the write', fault: 'late', second: 409 });
      await attempt(one, what);
      const before = await settled(world.replica('two', { at: 'the write', fault: 409 }));
      if (before?.state === 'Refused') assert.equal(world.landed(), 0);
      world.api.land();
      const after = await settled(world.replica('three'));
      assert.ok(world.landed() <= 1);
      if (world.landed() === 1) assert.equal(after?.state, 'Done');
    });
});

describe('A blocked run', () => {
  it('is not written to by a report: what may still land is unknown', async () => {
    const world = new World(scaleUp);
    const one = world.replica('one', { at: 'the write', fault: 'late', refusal: firstOnly('suspended') });
    assert.match(await attempt(one, scaleUp), /is unknown/);
    const found = await settled(world.replica('two'));
    assert.equal(found?.state, 'Unknown');
    assert.equal(world.landed(), 0);
    // Asked again, it says why it is unknown, and not only that the run is blocked by now.
    const again = await settled(world.replica('three'));
    assert.match(again?.why ?? '', /suspended/);
    assert.equal(again?.version, found?.version);
  });

  it('sends nothing that another replica intended before', async () => {
    const world = new World(scaleUp);
    const one = world.replica('one', { at: 'the note that it is sent', fault: 'held' });
    const begun = attempt(one, scaleUp);
    await world.api.untilHeld();
    const evil = { ...scaleUp, body: Buffer.from('{"spec":{"replicas":9}}') };
    assert.match(await attempt(world.replica('two'), evil), /attempted 1 → 9/);
    world.api.release();
    assert.match(await begun, /attempted 1 → 9/);
    assert.equal(world.landed(), 0);
  });
});
