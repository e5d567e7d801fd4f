import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { arrivalsOf, faults, pause, sequels } from './interleavings.fixture.ts';
import { attempt, createFlags, firstOnly, isDeath, scaleUp, settled, World } from './world.fixture.ts';

// The interleavings of one approved create whose object somebody deletes: it is created at most once all the same.

describe('A create of which somebody deletes the object', () => {
  const flags = '/api/v1/namespaces/shop/configmaps/flags';
  for (const at of ['the note that it is sent', 'the write', 'the note of its outcome'])
    for (const fault of faults)
      for (const sequel of sequels)
        for (const arrival of arrivalsOf(fault))
          it(`${fault} at ${at}; then ${sequel}${arrival === 'never' ? '' : `, arrival ${arrival}`}: is not created again`, async () => {
            const world = new World(createFlags);
            const first = world.replica('one', { at, fault });
            const begun = attempt(first, createFlags);
            await (fault === 'held' ? pause(10) : begun);
            const arrive = (when: string) => {
              if (when !== arrival) return;
              world.api.land();
              world.api.release();
            };
            arrive('before that');
            await pause(1);
            world.api.remove(flags);
            const here = isDeath(fault) ? world.replica('one-again') : first;
            const askers = {
              nobody: [],
              'the same replica': [here],
              'another replica': [world.replica('two')],
              'both at once': [here, world.replica('two')],
            };
            const asked = askers[sequel].map((asker) => attempt(asker, createFlags));
            await (fault === 'held' ? pause(25) : Promise.all(asked));
            arrive('after that');
            await settled(world.replica('three'));
            arrive('after the report');
            const goOn = setInterval(() => world.api.release(), 5);
            await Promise.all(isDeath(fault) ? asked : [begun, ...asked]).finally(() => clearInterval(goOn));
            const entry = await settled(world.replica('four'));
            const times = world.landed();
            assert.ok(times <= 1, `it landed ${times} times`);
            if (entry?.state === 'Done') assert.equal(times, 1, 'the ledger says that it is done');
            if (entry === undefined || entry.state === 'Refused' || entry.state === 'Intended')
              assert.equal(times, 0, `the ledger says ${entry?.state ?? 'nothing'}`);
            assert.notEqual(entry?.state, 'Sent');
          });

  it('has an unknown outcome that says why, and that a person resolves', async () => {
    const world = new World(createFlags);
    await attempt(world.replica('one', { at: 'the write', fault: 'death-after' }), createFlags);
    world.api.remove(flags);
    const told = await attempt(world.replica('two'), createFlags);
    assert.match(told, /outcome of effect 1 \(create configmaps shop\/flags\) is unknown/);
    assert.match(told, /no object of this name exists now, and somebody may have deleted it since/);
    assert.equal((await settled(world.replica('two')))?.state, 'Unknown');
    assert.equal(world.landed(), 1);
  });

  it('is sent again where its connection was never made', async () => {
    const world = new World(createFlags);
    assert.equal(await attempt(world.replica('one', { at: 'the write', fault: 'not-sent' }), createFlags), '201');
    assert.equal(world.landed(), 1);
  });

  it('was certainly not applied where its connection was never made and it may not be written any more', async () => {
    for (const what of [createFlags, scaleUp]) {
      const world = new World(what);
      const one = world.replica('one', { at: 'the write', fault: 'not-sent', refusal: firstOnly('suspended') });
      assert.match(await attempt(one, what), /suspended/);
      assert.equal((await settled(one))?.state, 'Refused');
      assert.equal(world.landed(), 0);
    }
  });
});
