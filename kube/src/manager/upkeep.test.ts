import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MissingObjectError } from '../errors.ts';
import { FakeClock } from '../testing.ts';
import { Upkeep } from './upkeep.ts';

function make() {
  const clock = new FakeClock();
  const state = { fails: undefined as Error | undefined, done: 0, errors: [] as string[] };
  const work = async () => {
    if (state.fails) throw state.fails;
    state.done += 1;
  };
  const onError = ({ message }: Error) => void state.errors.push(message);
  const upkeep = new Upkeep({ what: 'the key', everyMs: 30_000, staleAfterMs: 120_000, work, onError, clock });
  const turn = async (ms: number) => {
    clock.advance(ms);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { clock, state, upkeep, turn };
}

test('a program is not to be used before its first upkeep, and is afterwards', async () => {
  const { upkeep } = make();
  assert.equal(upkeep.fault(), 'the key was not kept up yet');
  await upkeep.once();
  assert.equal(upkeep.fault(), undefined);
});

test('a failure is told and tried again; a program whose last success is too old is not to be used until the next one', async () => {
  const { state, upkeep, turn } = make();
  await upkeep.once();
  const stop = upkeep.start();
  state.fails = new Error('no answer');
  for (let turns = 0; turns < 4; turns++) await turn(30_000);
  assert.equal(upkeep.fault(), undefined);
  await turn(30_000);
  assert.equal(upkeep.fault(), 'the key was not kept up for 150 s: no answer');
  assert.equal(state.errors.length, 5);
  state.fails = undefined;
  await turn(30_000);
  assert.equal(upkeep.fault(), undefined);
  stop();
  await turn(3_600_000);
  assert.equal(state.done, 2);
});

test('a missing object of the installation makes it useless at once', async () => {
  const { state, upkeep, turn } = make();
  await upkeep.once();
  upkeep.start();
  state.fails = new MissingObjectError('Secret', { namespace: 'a', name: 'b' });
  await turn(30_000);
  assert.match(upkeep.fault() ?? '', /Secret 'b' does not exist/);
});
