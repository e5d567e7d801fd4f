import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { attempt, createFlags, deleteWeb, scaleUp, World } from './world.fixture.ts';

// A step that the kubelet executes a second time sends the same requests again. What is done is answered from the existing object, and not
// sent again.

const writes = { 'a patch': scaleUp, 'a create': createFlags, 'a delete': deleteWeb };

describe('A write that a second execution of a step repeats', () => {
  for (const [name, what] of Object.entries(writes))
    for (const same of [true, false])
      it(`${name}: is answered, and not sent again, by ${same ? 'the same replica' : 'another replica'}`, async () => {
        const world = new World(what);
        const first = world.replica('one', { isRepeated: true });
        assert.match(await attempt(first, what), /^20[01]$/);
        const second = same ? first : world.replica('two', { isRepeated: true });
        assert.equal(await attempt(second, what), '200');
        assert.equal(world.landed(), 1);
      });

  it('gets the refusal of the API server when no step was executed again', async () => {
    const world = new World(createFlags);
    const one = world.replica('one');
    assert.equal(await attempt(one, createFlags), '201');
    assert.equal(await attempt(one, createFlags), '409');
    assert.equal(world.landed(), 1);
  });

  it('that was sent beside the first one waits no longer for the kubelet than from when it came', async () => {
    const world = new World(createFlags);
    const one = world.replica('one');
    const asked: number[] = [];
    const answered: number[] = [];
    const executions = {
      isRepeated: async (_: unknown, at: number) => {
        asked.push(at);
        await new Promise((resolve) => setTimeout(resolve, 40));
        answered.push(performance.now());
        return false;
      },
    };
    const given = { ...one, context: { ...one.context, executions } };
    const answers = await Promise.all([1, 2, 3, 4].map(() => attempt(given, createFlags)));
    assert.deepEqual(answers.sort(), ['201', '409', '409', '409']);
    assert.equal(asked.length, 3);
    // They wait for each other's turn, and yet each counts from its arrival: all of them came before the first one had its answer.
    for (const at of asked) assert.ok(at < (answered[0] ?? 0), `${at} is not before ${answered[0]}`);
  });

  it('blocks the run when it is another one than was approved', async () => {
    const world = new World(createFlags);
    const one = world.replica('one', { isRepeated: true });
    await attempt(one, createFlags);
    const text = createFlags.body.toString().replace('"flags"', '"more"');
    assert.match(await attempt(one, { ...createFlags, body: Buffer.from(text) }), /not in the approved plan/);
    assert.equal(world.landed(), 1);
  });
});
