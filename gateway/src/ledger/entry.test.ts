import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { request } from '../effect/request.fixture.ts';
import { done, type Entry, type EntryState, IllegalMove, intendAgain, intended, lose, refuse, send, takeOver } from './entry.ts';

const me = { process: 'one', nonce: 'a' };
const other = { process: 'two', nonce: 'b' };
const target = { index: 0, verb: 'patch', apiGroup: 'apps', version: 'v1', resource: 'deployments', name: 'web' } as const;
const sending = {
  request: request(),
  preconditions: { uid: 'u', resourceVersion: '1' },
  change: [],
  promised: { live: {}, result: {} },
};
const first = intended('job', target, me, 1);
const sent = send(first, me, sending);
const entries: Readonly<Record<EntryState, Entry>> = {
  Intended: first,
  Sent: sent,
  Done: done(sent, me, { uid: 'u', resourceVersion: '2' }),
  Refused: refuse(sent, me, 'no'),
  Unknown: lose(sent, me, 'nobody knows'),
};
const moves: Readonly<Record<string, (entry: Entry, owner: typeof me) => Entry>> = {
  intendAgain,
  send: (entry, owner) => send(entry, owner, sending),
  takeOver,
  done: (entry, owner) => done(entry, owner, { uid: 'u', resourceVersion: '2' }),
  refuse: (entry, owner) => refuse(entry, owner, 'no'),
  lose: (entry, owner) => lose(entry, owner, 'lost'),
};
const allowed: Readonly<Record<EntryState, Readonly<Record<string, EntryState>>>> = {
  Intended: { intendAgain: 'Intended', send: 'Sent', refuse: 'Refused' },
  Sent: { takeOver: 'Sent', done: 'Done', refuse: 'Refused', lose: 'Unknown' },
  Refused: { intendAgain: 'Intended' },
  Unknown: { takeOver: 'Sent' },
  Done: {},
};

describe('An entry of the ledger', () => {
  for (const [state, entry] of Object.entries(entries))
    for (const [name, move] of Object.entries(moves)) {
      const next = allowed[state as EntryState][name];
      it(`${state}: ${name} ${next === undefined ? 'is not allowed' : `leads to ${next}`}`, () => {
        if (next === undefined) assert.throws(() => move(entry, me), IllegalMove);
        else assert.equal(move(entry, me).state, next);
      });
    }

  for (const name of ['send', 'refuse'])
    it(`Intended: ${name} is not allowed to anybody but its owner`, () =>
      assert.throws(() => moves[name]?.(first, other), IllegalMove));
  for (const name of ['done', 'refuse', 'lose'])
    it(`Sent: ${name} is not allowed to anybody but its owner`, () =>
      assert.throws(() => moves[name]?.(sent, other), IllegalMove));
  it('belongs to who takes it over, and no more to who had it', () => {
    const taken = takeOver(sent, other);
    assert.throws(() => done(taken, me, { uid: 'u', resourceVersion: '2' }), IllegalMove);
    assert.equal(done(taken, other, { uid: 'u', resourceVersion: '2' }).state, 'Done');
  });
});
