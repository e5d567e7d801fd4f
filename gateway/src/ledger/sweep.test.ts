import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import type { ChangeHandler, KubeClient, KubeObject } from '@sentinel/kube';
import { sweepLedger, watchDeletions } from './sweep.ts';

const living = new Map([['alive', 'uid-alive']]);
const client = {
  list: async () => ({ items: [], resourceVersion: '1' }),
  get: async (_: unknown, { name }: { name: string }) => {
    const uid = living.get(name);
    return uid === undefined ? null : { metadata: { name, uid } };
  },
} as unknown as KubeClient;
const run = (jobUid: string, name: string, uid = `uid-${name}`) => ({ jobUid, action: { namespace: 'shop', name, uid } });

async function swept(only?: (uid: string) => boolean): Promise<string[]> {
  const forgotten: string[] = [];
  const runs = [run('j1', 'alive'), run('j2', 'gone'), run('j3', 'alive', 'uid-of-an-earlier-one'), run('j4', 'other')];
  const ledger = { runs: async () => runs, forget: async (job: string) => void forgotten.push(job) };
  assert.equal(await sweepLedger(client, ledger, only), forgotten.length);
  return forgotten;
}

describe('The ledger', () => {
  it('forgets the runs of actions that are gone, and of no other', async () => {
    assert.deepEqual(await swept(), ['j2', 'j3', 'j4']);
  });

  it('looks at those alone that are asked for, and deletes none of an existing action', async () => {
    assert.deepEqual(await swept((uid) => uid === 'uid-gone'), ['j2']);
    assert.deepEqual(await swept((uid) => uid === 'uid-alive'), []);
  });
});

describe('The deletion of actions', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
  afterEach(() => mock.timers.reset());

  it('is told once for all that go within a second', () => {
    const handlers: ChangeHandler<KubeObject>[] = [];
    const told: string[][] = [];
    watchDeletions({ onChange: (handler: (typeof handlers)[0]) => handlers.push(handler) } as never, (uids) =>
      told.push([...uids]),
    );
    const tell = (type: 'add' | 'delete', uid: string) => {
      const object = { apiVersion: '', kind: '', metadata: { name: uid, uid } };
      for (const handler of handlers) handler({ type, object });
    };
    tell('add', 'a');
    tell('delete', 'b');
    tell('delete', 'c');
    assert.deepEqual(told, []);
    mock.timers.tick(1_000);
    assert.deepEqual(told, [['b', 'c']]);
    tell('delete', 'd');
    mock.timers.tick(1_000);
    assert.deepEqual(told, [['b', 'c'], ['d']]);
  });
});
