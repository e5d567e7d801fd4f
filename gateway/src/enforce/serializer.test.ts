import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Serializer } from './serializer.ts';

it('runs one piece of work at a time, in the order of arrival, however the one before it ended', async () => {
  const turns = new Serializer();
  const steps: string[] = [];
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  const first = turns.take(async () => {
    steps.push('first begins');
    await gate;
    steps.push('first ends');
    throw new Error('it failed');
  });
  const second = turns.take(async () => {
    steps.push('second');
    return 2;
  });
  const third = turns.take(async () => steps.push('third'));
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(steps, ['first begins']);
  open();
  await assert.rejects(first, /it failed/);
  assert.equal(await second, 2);
  await third;
  assert.deepEqual(steps, ['first begins', 'first ends', 'second', 'third']);
});
