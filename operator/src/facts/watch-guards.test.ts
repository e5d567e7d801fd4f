import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type KubeClient, registry, silentLogger, systemClock } from '@sentinel/kube';
import { renderedGuards } from '../generated/guards.ts';
import { watchGuards } from './watch-guards.ts';

const shown = async () => /^sentinel_guards_altered (\d+)$/m.exec(await registry.metrics())?.[1];

/** A clock whose timers are fired by hand. */
function clock() {
  let timer: () => void = () => undefined;
  return {
    fire: () => timer(),
    clock: {
      ...systemClock,
      setTimeout: (work: () => void) => {
        timer = work;
        return () => undefined;
      },
    },
  };
}

it('How many guards are missing is shown while the leader looks, and stays while it cannot read them', async () => {
  let fails = false;
  const client = {
    until: () => client,
    get: async () => {
      if (fails) throw new Error('no answer');
      return null;
    },
    list: async () => ({ items: [], resourceVersion: '1' }),
  };
  const { fire, clock: manual } = clock();
  const stop = new AbortController();
  const running = watchGuards(client as unknown as KubeClient, renderedGuards, silentLogger, manual).start(stop.signal);
  await new Promise((resolve) => setTimeout(resolve, 20));
  const count = await shown();
  assert.ok(Number(count) > 10, count);
  fails = true;
  fire();
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(await shown(), count);
  stop.abort();
  await running;
  assert.equal(await shown(), undefined);
});
