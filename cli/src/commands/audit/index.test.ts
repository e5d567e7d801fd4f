import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type AgentAction, chainRecord } from '@sentinel/crds';
import { ok, runAgainst } from '../../../test/fake-cluster.ts';
import { anAction, aPlan, publishedStatementKeys } from '../../../test/fixtures.ts';
import { findingsOf } from './index.ts';

type Outbox = NonNullable<NonNullable<AgentAction['status']>['outbox']>;

/** An action whose outbox is changed by `tamper`. */
function withOutbox(tamper: (outbox: Outbox) => Outbox, state?: string): AgentAction {
  const action = anAction(aPlan(), state);
  const outbox = action.status?.outbox;
  assert.ok(outbox);
  return { ...action, status: { ...action.status, outbox: tamper(structuredClone(outbox)) } };
}

const cases: readonly [name: string, action: AgentAction, expected: RegExp | undefined][] = [
  ['finds nothing in a good chain', anAction(aPlan()), undefined],
  [
    'finds nothing when acknowledged records made room',
    withOutbox((outbox) => ({ ...outbox, exported: 1, records: outbox.records.slice(1) })),
    undefined,
  ],
  [
    'finds a record that was changed',
    withOutbox((outbox) => ({
      ...outbox,
      records: outbox.records.map((one, at) => (at === 1 ? { ...one, summary: 'x' } : one)),
    })),
    /record 2 was changed/,
  ],
  [
    'finds a record that is missing',
    withOutbox((outbox) => ({ ...outbox, records: outbox.records.filter((_, at) => at !== 1) })),
    /records 2 to 2 are missing/,
  ],
  [
    'finds that the end was cut off',
    withOutbox((outbox) => ({ ...outbox, records: outbox.records.slice(0, -1) })),
    /the end was cut off or replaced/,
  ],
  [
    'finds that the beginning is gone before a sink had it',
    withOutbox((outbox) => ({ ...outbox, records: outbox.records.slice(1) })),
    /records 1 to 1 are gone before any sink acknowledged them/,
  ],
  [
    'finds records of another action',
    withOutbox((outbox) => {
      const { sequence: _, previous: __, hash: ___, ...entry } = outbox.records[2] ?? assert.fail();
      const record = chainRecord(outbox.records[1], { ...entry, action: 'uid-9' });
      return { ...outbox, head: record.hash, records: [...outbox.records.slice(0, 2), record] };
    }),
    /record 3 is of another action/,
  ],
  ['finds that the end is not told', anAction(aPlan(), 'Succeeded'), /no record reports its end/],
  ['finds that a sink knows more', withOutbox((outbox) => ({ ...outbox, exported: 9 })), /acknowledged record 9/],
  [
    'finds that an ended action has no records at all',
    (() => {
      const { outbox: _, ...status } = anAction(aPlan(), 'Succeeded').status ?? assert.fail();
      return { ...anAction(aPlan()), status };
    })(),
    /has no records/,
  ],
];

/** What the API server answers beside an action or a list of them. */
function keysOr(path: string, body: object) {
  if (path.endsWith('/actionplans')) return ok({ metadata: { resourceVersion: '1' }, items: [] });
  return ok(path.includes('/configmaps/sentinel-statement-keys') ? publishedStatementKeys : body);
}

describe('audit verify', () => {
  for (const [name, action, expected] of cases)
    it(name, () => {
      const findings = findingsOf(action).join('; ');
      if (expected) assert.match(findings, expected);
      else assert.equal(findings, '');
    });

  it('answers with 1 and names the action when one of many chains is not sound', async () => {
    const bad = withOutbox((outbox) => ({ ...outbox, records: outbox.records.slice(0, -1) }));
    const items = [anAction(aPlan()), { ...bad, metadata: { ...bad.metadata, name: 'other' } }];
    const ran = await runAgainst(
      ({ path }) => keysOr(path, { metadata: { resourceVersion: '1' }, items }),
      ['audit', 'verify', '-A'],
    );
    assert.equal(ran.code, 1);
    assert.match(ran.out, /shop\/repair-web: records 1 to 3 verify\nshop\/other: NOT SOUND\n {2}! the chain ends at record 2/);
    assert.match(ran.error, /1 of 2 chains does not verify/);
  });

  it('is told by audit show what the gateway states, in words', async () => {
    const ran = await runAgainst(() => ok(anAction(aPlan())), ['audit', 'show', 'repair-web']);
    assert.match(
      ran.out,
      /the gateway states \(not verified here\): the rehearsal of Job job-1 as account remediator saw \d+ effect/,
    );
  });

  it('answers with 0 when all chains are sound', async () => {
    const ran = await runAgainst(({ path }) => keysOr(path, anAction(aPlan())), ['audit', 'verify', 'repair-web']);
    assert.equal(ran.code, 0, ran.error);
  });
});
