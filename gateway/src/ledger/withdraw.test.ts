import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Entry, type EntryState, IllegalMove, intended, send } from './entry.ts';
import { type Ledger, Overtaken } from './store.ts';
import { withdraw, withdrawIntents } from './withdraw.ts';

const target = { index: 0, verb: 'patch', apiGroup: 'apps', version: 'v1', resource: 'deployments', name: 'web' } as const;
const entry = intended('job', target, { process: 'two', nonce: 'b' }, 1);
const sent = send(entry, entry.owner, {} as never);

/** A ledger that holds one intent, and what it was told to store. */
function holding(failure?: Error) {
  const stored: Entry[] = [];
  const asked: (readonly EntryState[] | undefined)[] = [];
  const ledger = {
    entries: async (_: string, states?: readonly EntryState[]) => {
      asked.push(states);
      return [entry];
    },
    store: async (one: Entry) => {
      if (failure) throw failure;
      stored.push(one);
      return one;
    },
  } as unknown as Ledger;
  return { ledger, stored, asked };
}

describe('An intent that is withdrawn', () => {
  it('is taken from who had it, before it is refused', async () => {
    const { ledger, stored } = holding();
    await withdraw(ledger, entry, { process: 'one' });
    assert.deepEqual(
      stored.map(({ state, owner }) => [state, owner.process]),
      [
        ['Intended', 'one'],
        ['Refused', 'one'],
      ],
    );
    assert.match(stored[1]?.why ?? '', /the run ended, or another process took it over, before it was sent/);
    assert.match(stored[0]?.owner.nonce ?? '', /^[0-9a-f-]{36}$/);
  });

  it('is not one that was sent', async () => {
    const { ledger, stored } = holding();
    await assert.rejects(withdraw(ledger, sent, { process: 'one' }), IllegalMove);
    assert.deepEqual(stored, []);
  });
});

describe('The intents of a closed run', () => {
  it('are withdrawn, and nothing else is read', async () => {
    const { ledger, stored, asked } = holding();
    await withdrawIntents(ledger, 'job', { process: 'one' });
    assert.deepEqual([stored.at(-1)?.state, asked], ['Refused', [['Intended']]]);
  });

  it('are still under way where one of them was sent after all', async () =>
    await assert.rejects(withdrawIntents(holding(new Overtaken('effect 1')).ledger, 'job', { process: 'one' }), {
      name: 'Refused',
      status: 503,
      code: 'RunNotEnded',
      message: 'a write is under way; ask again',
    }));

  it('are not called withdrawn where the ledger fails', async () =>
    await assert.rejects(withdrawIntents(holding(new Error('no etcd')).ledger, 'job', { process: 'one' }), /no etcd/));
});
