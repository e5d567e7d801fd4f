import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { request } from '../effect/request.fixture.ts';
import {
  accept,
  done,
  type Entry,
  type EntryState,
  IllegalMove,
  intendAgain,
  intended,
  lose,
  noteOrder,
  noteRollback,
  type Order,
  openOrder,
  redo,
  refuse,
  refuseOrder,
  send,
  takeOver,
} from './entry.ts';

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
const order: Order = { id: 's', resolution: 'redo', user: 'ada', time: 't' };
const rollBack: Order = { ...order, resolution: 'roll-back' };
const unknown = lose(sent, me, 'nobody knows');
const entries: Readonly<Record<EntryState, Entry>> = {
  Intended: first,
  Sent: sent,
  Done: done(sent, me, { uid: 'u', resourceVersion: '2' }),
  Refused: refuse(sent, me, 'no'),
  Unknown: unknown,
  Accepted: accept(unknown, { ...order, resolution: 'accept' }),
};
const moves: Readonly<Record<string, (entry: Entry, owner: typeof me) => Entry>> = {
  intendAgain,
  send: (entry, owner) => send(entry, owner, sending),
  takeOver,
  done: (entry, owner) => done(entry, owner, { uid: 'u', resourceVersion: '2' }),
  refuse: (entry, owner) => refuse(entry, owner, 'no'),
  lose: (entry, owner) => lose(entry, owner, 'lost'),
  accept: (entry) => accept(entry, order),
  redo: (entry, owner) => redo(entry, owner, sending, order),
  noteOrder: (entry) => noteOrder(entry, order),
};
const allowed: Readonly<Record<EntryState, Readonly<Record<string, EntryState>>>> = {
  Intended: { intendAgain: 'Intended', send: 'Sent', refuse: 'Refused' },
  Sent: { takeOver: 'Sent', done: 'Done', refuse: 'Refused', lose: 'Unknown' },
  Refused: { intendAgain: 'Intended' },
  Unknown: { takeOver: 'Sent', accept: 'Accepted', redo: 'Sent', noteOrder: 'Unknown' },
  Done: {},
  Accepted: {},
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

  it('says of a redo what happened to it', () => {
    const again = redo(unknown, me, sending, order);
    assert.equal(done(again, me, { uid: 'u', resourceVersion: '2' }).orders?.at(-1)?.refused, undefined);
    assert.equal(refuse(again, me, 'no').orders?.at(-1)?.refused, 'no');
    assert.equal(lose(again, me, 'lost').orders?.at(-1)?.refused, 'lost');
    // A later loss says nothing of an order that was answered.
    assert.equal(lose(takeOver(lose(again, me, 'lost'), me), me, 'lost again').orders?.at(-1)?.refused, 'lost');
  });

  it('keeps an ordered rollback open until it has ended, whatever crashes in between', () => {
    const ordered = noteOrder(unknown, rollBack);
    assert.equal(openOrder(ordered)?.resolution, 'roll-back');
    const found = done(takeOver(ordered, me), me, { uid: 'u', resourceVersion: '2' });
    assert.equal(openOrder(found)?.resolution, 'roll-back');
    for (const ended of [
      noteRollback(found, 'Restored'),
      refuseOrder(found, 'others changed it'),
      refuseOrder(ordered, 'it may still land'),
      refuse(takeOver(ordered, me), me, 'it was not applied'),
      noteOrder(unknown, order),
    ])
      assert.equal(openOrder(ended), undefined);
    assert.throws(() => refuseOrder(refuseOrder(ordered, 'no'), 'no'), IllegalMove);
  });
});
