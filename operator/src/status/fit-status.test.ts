import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type AgentAction, AgentActionStatus, verifyChain } from '@sentinel/crds';
import { storedSize } from '@sentinel/kube';
import { anAction } from '@sentinel/policy/testing';
import { type Draft, enter, stateOf } from './conditions.ts';
import { ACTION_MAX, fitStatus } from './fit-status.ts';
import { OUTBOX_MAX, outboxRoom, ROOM_TO_END, record } from './record.ts';

const NOW = Date.parse('2026-01-01T12:00:00Z');
const UID = '11111111-2222-3333-4444-555555555555';
const DIGEST = `sha256:${'a'.repeat(64)}`;
const range = (count: number) => Array.from({ length: count }, (_, index) => index);
// Each of these takes six bytes where it is stored.
const fill = (length: number) => '<'.repeat(length);

const action = (pad = 0): AgentAction => anAction({ metadata: { uid: UID, annotations: { pad: 'x'.repeat(pad) } } });

/** A status in which everything is as large as it may be. */
function full(): Draft {
  const draft: Draft = {
    plan: { name: 'p', digest: DIGEST, risk: 'High', effects: 500, targets: range(500).map((at) => `t${at}`) },
    decisionCount: 32,
    decisions: range(32).map(() => ({
      user: 'ada',
      decision: 'approve' as const,
      time: new Date(NOW).toISOString(),
      plan: DIGEST,
      comment: fill(1024),
      counts: false,
      why: fill(512),
    })),
    stages: range(16).map((at) => ({
      stage: 'rehearsal' as const,
      attempt: at + 1,
      name: `job-${at}`,
      uid: UID,
      outcome: 'Failed' as const,
      message: fill(2048),
      steps: range(16).map((step) => ({ name: `s${step}`, exitCode: 1, reason: fill(128) })),
    })),
    results: range(8).map((at) => ({ name: `r${at}`, mediaType: 'text/plain', content: fill(16_384) })),
    rollback: range(500).map((effect) => ({ effect, outcome: 'Failed' as const, message: fill(512) })),
  };
  enter(draft, 'RollbackIncomplete', fill(2048), NOW);
  for (const at of range(20)) record(draft, action(), { transition: 'Decided', actor: 'ada', summary: `record ${at}` }, NOW + at);
  return draft;
}

describe('The status of an action', () => {
  it('stays as it is where it fits', () => {
    const draft: Draft = {};
    enter(draft, 'Succeeded', 'done', NOW);
    assert.equal(fitStatus(action(), draft), draft);
  });

  it('fits, whatever is in it, and says what was left out', () => {
    const draft = full();
    assert.ok(storedSize({ ...action(), status: draft }) > ACTION_MAX, 'it must not fit as it is');
    const fitted = fitStatus(action(), draft);
    assert.ok(storedSize({ ...action(), status: fitted }) <= ACTION_MAX);
    assert.deepEqual(fitted.shortened, ['results', 'rollback messages']);
    assert.equal(AgentActionStatus.safeParse(fitted).error, undefined);
  });

  it('in its minimal form keeps the end, the reason, the digests, the Jobs, and head and cursor of the trail', () => {
    const draft = full();
    const fitted = fitStatus({ ...action(ACTION_MAX), status: { outbox: draft.outbox } }, draft);
    assert.ok(storedSize(fitted) < 96_000, `${storedSize(fitted)} bytes`);
    assert.equal(stateOf(fitted), 'RollbackIncomplete');
    assert.deepEqual(fitted.plan, draft.plan);
    assert.deepEqual(
      fitted.stages?.map(({ uid, outcome }) => [uid, outcome]),
      draft.stages?.map(({ uid, outcome }) => [uid, outcome]),
    );
    assert.deepEqual(
      fitted.rollback?.map(({ effect, outcome }) => [effect, outcome]),
      draft.rollback?.map(({ effect, outcome }) => [effect, outcome]),
    );
    const { sequence = 0, head = '', exported, records = [] } = fitted.outbox ?? {};
    assert.deepEqual([sequence, head, exported], [draft.outbox?.sequence, draft.outbox?.head, draft.outbox?.exported]);
    assert.deepEqual(verifyChain(records, { sequence, hash: head }), []);
    assert.ok(fitted.shortened?.includes('older audit records'));
    assert.equal(AgentActionStatus.safeParse(fitted).error, undefined);
  });

  it('in its minimal form keeps every record that is not stored yet, because it is told nowhere else', () => {
    const draft = full();
    const outbox = draft.outbox ?? assert.fail();
    const stored = { outbox: { ...outbox, sequence: 12, records: outbox.records.slice(0, 12) } };
    const fitted = fitStatus({ ...action(ACTION_MAX), status: stored }, draft);
    assert.deepEqual(
      fitted.outbox?.records.map(({ sequence }) => sequence),
      range(8).map((at) => at + 13),
    );
    assert.ok(fitted.shortened?.includes('older audit records'));
  });

  it('is the same when it is fitted again, so that nothing is written twice', () => {
    for (const pad of [0, ACTION_MAX]) {
      const fitted = fitStatus(action(pad), full());
      assert.deepEqual(fitStatus(action(pad), fitted), fitted);
      assert.deepEqual(fitStatus(action(pad), { ...full(), shortened: fitted.shortened, outbox: fitted.outbox }), fitted);
    }
  });
});

describe('The audit trail of an action', () => {
  const long = Object.fromEntries(range(16).map((at) => [`sentinel.detail.${at}`, fill(1024)]));
  const drafted = (count: number): Draft => {
    const draft: Draft = {};
    for (const at of range(count))
      record(draft, action(), { transition: 'Admitted', actor: 'agent', summary: fill(1024), details: long }, NOW + at);
    return draft;
  };

  it('leaves room for the records of the end, however long the earlier ones are', () => {
    let count = 1;
    while (outboxRoom(drafted(count)) >= ROOM_TO_END) count += 1;
    const draft = drafted(count);
    for (const at of range(ROOM_TO_END))
      record(draft, action(), { transition: 'Ended', actor: 'sentinel-operator', summary: fill(2048), details: long }, NOW + at);
    assert.ok(storedSize(draft.outbox) < 512 * 1024, `${count} records, ${storedSize(draft.outbox)} bytes`);
    const { records = [], sequence = 0, head = '' } = draft.outbox ?? {};
    assert.deepEqual(verifyChain(records, { sequence, hash: head }), []);
    assert.deepEqual(
      records.at(-1)?.details?.find(({ name }) => name === 'sentinel.record.shortened'),
      { name: 'sentinel.record.shortened', value: 'true' },
    );
  });

  it('tells the first records whole', () => {
    const [first] = drafted(1).outbox?.records ?? [];
    assert.equal(first?.summary.length, 1024);
    assert.equal(outboxRoom({}), OUTBOX_MAX);
  });
});

describe('The size of what is stored', () => {
  const rows: Record<string, { value: unknown; size: number }> = {
    'counts bytes, not characters': { value: 'ö', size: 4 },
    'counts what Go escapes': { value: '<&>\u2028', size: 26 },
    'counts what JSON escapes': { value: '\u0001"', size: 10 },
    'of nothing is nothing': { value: undefined, size: 0 },
  };
  for (const [name, { value, size }] of Object.entries(rows)) it(name, () => assert.equal(storedSize(value), size));
});
