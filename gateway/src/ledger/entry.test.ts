import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { request } from '../effect/request.fixture.ts';
import {
  accept,
  changeOf,
  done,
  type Entry,
  type EntryState,
  IllegalMove,
  intendAgain,
  intended,
  isAnswered,
  isOpen,
  lastOrder,
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
const strangers = {
  'another process': { ...me, process: 'two' },
  'another request of the same process': { ...me, nonce: 'b' },
};
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

  for (const [who, stranger] of Object.entries(strangers)) {
    for (const name of ['send', 'refuse'])
      it(`Intended: ${name} is not allowed to ${who}`, () =>
        assert.throws(
          () => moves[name]?.(first, stranger),
          /effect 1 is Intended: a move by somebody who does not own it is not allowed/,
        ));
    for (const name of ['done', 'refuse', 'lose'])
      it(`Sent: ${name} is not allowed to ${who}`, () => assert.throws(() => moves[name]?.(sent, stranger), IllegalMove));
  }
  it('says which move is not allowed, and in which state', () =>
    assert.throws(() => send(entries.Done, me, sending), {
      name: 'IllegalMove',
      message: 'effect 1 is Done: sending is not allowed',
    }));
  it('belongs to who takes it over, and no more to who had it', () => {
    const taken = takeOver(sent, other);
    assert.throws(() => done(taken, me, { uid: 'u', resourceVersion: '2' }), IllegalMove);
    assert.equal(done(taken, other, { uid: 'u', resourceVersion: '2' }).state, 'Done');
  });

  it('has no write and no reason any more when it is intended again, and another owner', () => {
    const { sending: kept, why, owner, state } = intendAgain(entries.Refused, other);
    assert.deepEqual([kept, why, owner, state], [undefined, undefined, other, 'Intended']);
  });
  it('keeps its write, and forgets why it was unknown, when it is taken over', () => {
    const { sending: kept, why, owner } = takeOver(unknown, other);
    assert.deepEqual([kept, why, owner], [sending, undefined, other]);
  });
  it('has what was stored when it is done, and no reason from before', () => {
    const { stored, why } = done({ ...sent, why: 'nobody knew' }, me, { uid: 'u', resourceVersion: '2' });
    assert.deepEqual([stored, why], [{ uid: 'u', resourceVersion: '2' }, undefined]);
  });
  it('has the reason of its refusal, and of an unknown outcome', () =>
    assert.deepEqual([entries.Refused.why, unknown.why], ['no', 'nobody knows']));
  it('has the new write, the new owner and all orders when it is sent again', () => {
    const again = redo(
      noteOrder(unknown, { ...rollBack, refused: 'no' }),
      other,
      { ...sending, preconditions: { uid: 'v', resourceVersion: '9' } },
      order,
    );
    assert.deepEqual([again.sending?.preconditions.uid, again.owner, again.why], ['v', other, undefined]);
    assert.deepEqual(
      again.orders?.map(({ resolution }) => resolution),
      ['roll-back', 'redo'],
    );
  });

  for (const [state, entry] of Object.entries(entries)) {
    it(`${state}: is ${['Sent', 'Unknown'].includes(state) ? '' : 'not '}open`, () =>
      assert.equal(isOpen(entry), ['Sent', 'Unknown'].includes(state)));
    const mayRollBack = ['Sent', 'Unknown', 'Done'].includes(state);
    it(`${state}: a rollback is ${mayRollBack ? 'noted' : 'not allowed'}`, () => {
      if (mayRollBack) assert.equal(noteRollback(entry, 'Restoring').rollback, 'Restoring');
      else assert.throws(() => noteRollback(entry, 'Restoring'), IllegalMove);
    });
  }

  it('changed what was stored; before that is known, what was sent; before that, nothing', () => {
    const [was, is] = ['a', 'b'].map((after) => [{ path: '/x', before: undefined, after }]);
    const withChange = { ...sent, sending: { ...sending, change: was ?? [] } };
    assert.deepEqual(changeOf(first), []);
    assert.deepEqual(changeOf(withChange), was);
    assert.deepEqual(changeOf(done(withChange, me, { uid: 'u', resourceVersion: '2' })), was);
    assert.deepEqual(changeOf(done(withChange, me, { uid: 'u', resourceVersion: '2', change: is })), is);
  });

  it('knows which decisions it has answered, and the newest of them', () => {
    const decided = noteOrder(noteOrder(unknown, order), { ...rollBack, id: 't' });
    assert.deepEqual(
      ['s', 't', 'u'].map((id) => isAnswered(decided, id)),
      [true, true, false],
    );
    assert.equal(isAnswered(unknown, 's'), false);
    assert.deepEqual([lastOrder(decided)?.id, lastOrder(unknown)], ['t', undefined]);
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
    assert.equal(openOrder(noteRollback(found, 'Restoring')), rollBack);
    for (const ended of [
      unknown,
      noteRollback(found, 'Restored'),
      noteRollback(found, 'Unchanged'),
      refuseOrder(found, 'others changed it'),
      refuseOrder(ordered, 'it may still land'),
      refuse(takeOver(ordered, me), me, 'it was not applied'),
      noteOrder(unknown, order),
    ])
      assert.equal(openOrder(ended), undefined);
    assert.throws(() => refuseOrder(refuseOrder(ordered, 'no'), 'no'), IllegalMove);
    assert.throws(() => refuseOrder(unknown, 'no'), IllegalMove);
  });

  it('keeps what was answered before when a later order is refused', () => {
    const earlier = refuseOrder(noteOrder(unknown, order), 'it may still land');
    const orders = refuseOrder(noteOrder(earlier, rollBack), 'others changed it').orders;
    assert.deepEqual(
      orders?.map(({ refused }) => refused),
      ['it may still land', 'others changed it'],
    );
  });

  it('adds no reason to an ordered rollback when the write was not applied: there is nothing to roll back', () => {
    const { orders } = refuse(takeOver(noteOrder(unknown, rollBack), me), me, 'it was not applied');
    assert.deepEqual(orders, [rollBack]);
  });
});
