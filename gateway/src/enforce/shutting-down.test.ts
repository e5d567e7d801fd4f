import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DrainState } from '../drain/state.ts';
import { attempt, scaleUp, settled, World } from './world.fixture.ts';

describe('A write that still waits for its turn when its replica ends', () => {
  it('is not sent, leaves nothing behind, and another replica carries it out', async () => {
    const world = new World(scaleUp);
    const [one, two] = [world.replica('one'), world.replica('two')];
    const drain = new DrainState();
    drain.moveTo('Closing');
    assert.match(
      await attempt({ ...one, context: { ...one.context, drain } }, scaleUp),
      /is shutting down; send the request again/,
    );
    assert.equal(world.landed(), 0);
    assert.equal(await settled(one), undefined);
    assert.equal(await attempt(two, scaleUp), '200');
    assert.equal(world.landed(), 1);
  });

  it('is carried out while the replica only drains', async () => {
    const world = new World(scaleUp);
    const one = world.replica('one');
    const drain = new DrainState();
    drain.moveTo('Draining');
    assert.equal(await attempt({ ...one, context: { ...one.context, drain } }, scaleUp), '200');
  });
});
