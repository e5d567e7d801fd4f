import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { request } from '../effect/request.fixture.ts';
import type { Run } from '../run/run.ts';
import { Dependants } from './dependants.ts';

const PAGES_AT_A_TIME = 6;
const KINDS = 8;
const resources = Array.from({ length: KINDS }, (_, at) => ({
  apiGroup: '',
  version: 'v1',
  resource: `kind${at}s`,
  kind: `Kind${at}`,
  namespaced: true,
}));

/** An API server that answers when a test says so. */
function slowApi() {
  const asked: string[] = [];
  const held: (() => void)[] = [];
  const upstream = {
    async stream({ namespace }: Run) {
      asked.push(namespace);
      await new Promise<void>((resolve) => held.push(resolve));
      return { status: 200, headers: {}, body: [Buffer.from(JSON.stringify({ metadata: {}, items: [] }))] };
    },
  };
  const dependants = new Dependants(upstream as never, { deletable: async () => ({ resources, incomplete: [] }) });
  const remove = request({ verb: 'delete' });
  const read = (namespace: string, jobUid: string) =>
    dependants.of({ jobUid, namespace, account: 'x' } as unknown as Run, 'enforce', remove, { live: {}, uid: 'web' });
  const settle = async () => {
    for (let round = 0; round < 5; round++) await setImmediate();
  };
  const answer = async (count = 1) => {
    for (const resolve of held.splice(0, count)) resolve();
    await settle();
  };
  return { asked, read, answer, settle };
}

describe('The pages in which dependants are read', () => {
  it('are a few at a time, and a namespace that asks for many holds up no other', async () => {
    const { asked, read, answer, settle } = slowApi();
    const noisy = Array.from({ length: 5 }, (_, at) => read('noisy', `noisy-${at}`));
    await settle();
    assert.equal(asked.length, PAGES_AT_A_TIME);
    const calm = read('calm', 'calm');
    await settle();
    // Anyone who comes later waits for one turn of the other namespace, not for all that it asked for.
    for (let turn = 0; turn < 2; turn++) await answer();
    assert.ok(asked.includes('calm'), asked.join(' '));
    assert.ok(asked.filter((namespace) => namespace === 'noisy').length < 5 * KINDS);
    while (asked.length < 6 * KINDS) await answer(PAGES_AT_A_TIME);
    await answer(PAGES_AT_A_TIME);
    for (const found of await Promise.all([...noisy, calm]))
      assert.deepEqual(found, { dependants: [], incomplete: [], isFaulty: false });
  });
});
