import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { finalStates, type State, states, successStates, verifyChain } from '@sentinel/crds';
import { anAction } from '@sentinel/policy/testing';
import { condition, type Draft, enter, stateOf } from './conditions.ts';
import { OUTBOX_MAX, outboxRoom, record } from './record.ts';

const NOW = Date.parse('2026-01-01T12:00:00Z');
const action = anAction();
const entry = { transition: 'Decided' as const, actor: 'ada', summary: 's' };

function drafted(count: number, acknowledged = 0): Draft {
  const draft: Draft = {};
  for (let index = 0; index < count; index++) {
    record(draft, action, entry, NOW + index);
    if (draft.outbox) draft.outbox.exported = Math.min(acknowledged, draft.outbox.sequence);
  }
  return draft;
}

describe('The audit trail of an action', () => {
  it('is a chain, also where its beginning has made room', () => {
    for (const draft of [drafted(5), drafted(200, 200)]) {
      const { records = [], sequence = 0, head = '' } = draft.outbox ?? {};
      assert.deepEqual(verifyChain(records, { sequence, hash: head }), []);
    }
  });

  it('names evidence by whole digests, also in a record that is shortened', () => {
    const digests = Array.from({ length: 12 }, () => `sha256:${'a'.repeat(64)}`).join(',');
    const long = 'x'.repeat(1_000);
    const details = { 'sentinel.evidence': digests, 'sentinel.long': long, 'sentinel.longer': long, 'sentinel.longest': long };
    const draft: Draft = {};
    for (let count = 0; count < 62; count++) record(draft, action, { ...entry, summary: 's'.repeat(1_024), details }, NOW);
    const last = draft.outbox?.records.at(-1)?.details ?? [];
    assert.ok(last.some(({ name }) => name === 'sentinel.record.shortened'));
    for (const { details: kept = [] } of draft.outbox?.records ?? [])
      assert.equal(kept.find(({ name }) => name === 'sentinel.evidence')?.value, digests);
  });

  const rows: Record<string, { count: number; acknowledged: number; first: number; kept: number; room: number }> = {
    'keeps all while they fit': { count: 64, acknowledged: 64, first: 1, kept: 64, room: 64 },
    'drops acknowledged records, the oldest first, and no more than it must': {
      count: 70,
      acknowledged: 70,
      first: 7,
      kept: 64,
      room: 64,
    },
    'never drops a record that nobody acknowledged': { count: 70, acknowledged: 0, first: 1, kept: 70, room: -6 },
    'drops only up to the one that nobody acknowledged': { count: 70, acknowledged: 2, first: 3, kept: 68, room: -4 },
  };
  for (const [name, { count, acknowledged, first, kept, room }] of Object.entries(rows)) {
    it(name, () => {
      const draft = drafted(count, acknowledged);
      assert.deepEqual(
        [draft.outbox?.records[0]?.sequence, draft.outbox?.records.length, outboxRoom(draft), draft.outbox?.sequence],
        [first, kept, room, count],
      );
    });
  }

  it('has all its room before the first record', () => {
    assert.deepEqual([outboxRoom(undefined), outboxRoom({})], [OUTBOX_MAX, OUTBOX_MAX]);
  });

  it('cuts what agents wrote without leaving half of a character, which could not be recorded', () => {
    for (const shift of ['', 'x']) {
      const long = `${shift}${'😀'.repeat(2000)}`;
      const draft: Draft = {};
      record(draft, action, { ...entry, actor: long, summary: long, details: { prompt: long, none: undefined, empty: '' } }, NOW);
      const [made] = draft.outbox?.records ?? [];
      assert.deepEqual([made?.actor.length, made?.summary.length], [512, 1024]);
      assert.deepEqual(
        made?.details?.map(({ name, value }) => [name, value.length]),
        [['prompt', 1024]],
      );
      assert.ok(made?.summary.isWellFormed());
    }
  });

  it('keeps at most 20 attributes', () => {
    const draft: Draft = {};
    record(draft, action, { ...entry, details: Object.fromEntries(Array.from({ length: 24 }, (_, at) => [`k${at}`, 'v'])) }, NOW);
    assert.equal(draft.outbox?.records[0]?.details?.length, 20);
  });
});

describe('The state of an action', () => {
  it('is Pending before anything is said', () => assert.deepEqual([stateOf(undefined), stateOf({})], ['Pending', 'Pending']));

  for (const state of Object.keys(states) as State[]) {
    it(`is read back, and read right by others: ${state}`, () => {
      const draft: Draft = {};
      enter(draft, 'Running', 'm', NOW - 1000);
      enter(draft, 'Blocked', 'm', NOW - 500);
      enter(draft, state, 'm', NOW);
      const of = (type: string) => draft.conditions?.find((one) => one.type === type)?.status;
      const final = finalStates.has(state);
      const success = successStates.has(state);
      assert.equal(stateOf(draft), state);
      assert.deepEqual(
        [of('Succeeded'), of('Reconciling'), of('Stalled')],
        [final ? (success ? 'True' : 'False') : 'Unknown', final ? undefined : 'True', final && !success ? 'True' : undefined],
      );
    });
  }

  it('keeps the time of a condition whose status stays', () => {
    const draft: Draft = {};
    condition(draft, 'Approved', 'Unknown', 'AwaitingApproval', '0 of 2', NOW);
    condition(draft, 'Approved', 'Unknown', 'AwaitingApproval', '1 of 2', NOW + 5000);
    const [made] = draft.conditions ?? [];
    assert.deepEqual([made?.message, Date.parse(made?.lastTransitionTime ?? '')], ['1 of 2', NOW]);
    condition(draft, 'Approved', 'True', 'Satisfied', '2 of 2', NOW + 9000);
    assert.equal(Date.parse(draft.conditions?.[0]?.lastTransitionTime ?? ''), NOW + 9000);
  });
});
