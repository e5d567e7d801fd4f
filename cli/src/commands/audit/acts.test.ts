import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';
import {
  ACT_CONFIRMED_DETAIL,
  ACT_SEAL_DETAIL,
  ACTS_HEAD,
  type Act,
  type AuditRecord,
  actDigest,
  actorOfAct,
  canonicalize,
  chainRecord,
  digestOf,
  factsOfAct,
  GENESIS,
  type SealedAct,
} from '@sentinel/crds';
import { sealRecord } from '@sentinel/policy';
import { ok, runAgainst } from '../../../test/fake-cluster.ts';
import { findInActs } from './acts.ts';

// The webhook writes acts down under a seal and a number; an operator that somebody has taken over records what it likes of them.

const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const keys = new Map([['k1', publicKey]]);
const own = generateKeyPairSync('ed25519').privateKey;

const act = (user: string, more: Partial<Act> = {}): Act => ({
  transitions: ['PolicySuspended'],
  time: '2026-03-02T10:00:00Z',
  user,
  uid: '7',
  groups: ['people', 'sre'],
  kind: 'AgentPolicy',
  namespace: 'shop',
  name: 'p',
  object: 'u',
  generation: 2,
  digest: digestOf({}),
  ...more,
});

interface Written {
  readonly id: string;
  readonly act: Act;
  readonly sealed: SealedAct;
}

/** What the webhook writes down of acts, one after the other. */
function write(acts: readonly Act[], key = privateKey): Written[] {
  let previous = GENESIS;
  return acts.map((one, index) => {
    const id = `shop.stop.${index}`;
    const sealed = sealRecord({ number: index + 1, previous, facts: actDigest(actorOfAct(one), factsOfAct(id, one)) }, 'k1', key);
    previous = digestOf(sealed);
    return { id, act: one, sealed };
  });
}

/** What an honest operator makes of them. */
function record(written: readonly Written[], from: readonly AuditRecord[] = []): AuditRecord[] {
  const records = [...from];
  for (const { id, act: one, sealed } of written)
    for (const transition of one.transitions) {
      const facts = { ...factsOfAct(id, one), [ACT_CONFIRMED_DETAIL]: 'true', [ACT_SEAL_DETAIL]: canonicalize(sealed) };
      const details = Object.entries(facts).map(([name, value]) => ({ name, value }));
      const entry = { time: one.time, transition, actor: one.user, summary: transition, action: 'chain', details };
      records.push(chainRecord(records.at(-1), entry));
    }
  return records;
}

const trailOf = (records: readonly AuditRecord[], exported = 0) => ({
  trail: JSON.stringify({
    sequence: records.at(-1)?.sequence ?? 0,
    head: records.at(-1)?.hash ?? GENESIS,
    exported,
    records,
  }),
});
const journalOf = (all: readonly Written[], waiting: readonly Written[] = []) => ({
  [ACTS_HEAD]: JSON.stringify({ number: all.length, digest: digestOf(all.at(-1)?.sealed) }),
  ...Object.fromEntries(waiting.map(({ id, act: one, sealed }) => [id, JSON.stringify({ ...one, sealed })])),
});
/** The records with one of them told otherwise, all chained again. */
const retold = (records: readonly AuditRecord[], change: (record: AuditRecord, at: number) => Partial<AuditRecord>) => {
  const told: AuditRecord[] = [];
  for (const [at, { sequence: _, previous: __, hash: ___, ...entry }] of records.entries())
    told.push(chainRecord(told.at(-1), { ...entry, ...change({ ...entry, sequence: at, previous: '', hash: '' }, at) }));
  return told;
};

const three = write([
  act('ada'),
  act('bob', { transitions: ['PolicyEdited', 'PolicyLifted'], generation: 3 }),
  act('eve', { generation: 4 }),
]);
const records = record(three);
const unknown = chainRecord(records.at(-1), {
  time: '2026-03-02T10:00:00Z',
  transition: 'PolicyDeleted',
  actor: 'unknown',
  summary: 'x',
  action: 'chain',
});

const rows: Readonly<Record<string, { journal: object; trail: object; expected?: RegExp }>> = {
  'acts that are recorded': { journal: journalOf(three), trail: trailOf(records) },
  'acts that wait in the journal': { journal: journalOf(three, three.slice(1)), trail: trailOf(record(three.slice(0, 1))) },
  'an act that is recorded and not taken out yet': { journal: journalOf(three, three.slice(2)), trail: trailOf(records) },
  'nothing at all': { journal: {}, trail: {} },
  'a change that nobody wrote down': { journal: journalOf(three), trail: trailOf([...records, unknown]) },
  'acts of which a sink has the first': { journal: journalOf(three), trail: trailOf(records.slice(1), 1) },
  'records from before acts were sealed': {
    journal: journalOf(three.slice(0, 1)),
    trail: trailOf(
      record(three.slice(0, 1), [
        chainRecord(undefined, {
          time: '2026-03-02T09:00:00Z',
          transition: 'PolicyEdited',
          actor: 'ada',
          summary: 'x',
          action: 'chain',
        }),
      ]),
    ),
  },
  'another name than was written down': {
    journal: journalOf(three),
    trail: trailOf(retold(records, (_, at) => (at === 0 ? { actor: 'mallory' } : {}))),
    expected: /record 1 \(PolicySuspended by 'mallory'\) does not match what the webhook recorded/,
  },
  'another object than was written down': {
    journal: journalOf(three),
    trail: trailOf(
      retold(records, ({ details }, at) =>
        at === 3
          ? { details: details?.map((one) => (one.name === 'sentinel.object.name' ? { ...one, value: 'q' } : one)) ?? [] }
          : {},
      ),
    ),
    expected: /record 4 .* does not match what the webhook recorded/,
  },
  'another act than was written down': {
    journal: journalOf(three),
    trail: trailOf(retold(records, (_, at) => (at === 0 ? { transition: 'PolicyEdited' } : {}))),
    expected: /record 1 \(PolicyEdited by 'ada'\) does not match what the webhook recorded/,
  },
  'an act without its seal': {
    journal: journalOf(three),
    trail: trailOf(
      retold(records, ({ details = [] }, at) =>
        at === 3 ? { details: details.filter(({ name }) => name !== ACT_SEAL_DETAIL) } : {},
      ),
    ),
    expected: /record 4 \(PolicySuspended by 'eve'\) is not sealed by the webhook.*the acts 3 to 3 are missing/,
  },
  'an act under a seal of the operator’s own': {
    journal: journalOf(three),
    trail: trailOf(
      record(
        write(
          three.map((one) => one.act),
          own,
        ),
      ),
    ),
    expected: /its seal does not verify/,
  },
  'an act that was left out in the middle': {
    journal: journalOf(three),
    trail: trailOf(record([three[0], three[2]].filter((one) => one !== undefined))),
    expected: /the acts 2 to 2 are missing: the webhook sealed them, but there is no record of them/,
  },
  'the last act, taken out and not recorded': {
    journal: journalOf(three),
    trail: trailOf(record(three.slice(0, 2))),
    expected: /the acts 3 to 3 are missing: .* neither recorded nor in the journal/,
  },
  'the first act, left out': {
    journal: journalOf(three),
    trail: trailOf(record(three.slice(1))),
    expected: /the acts 1 to 1 are missing/,
  },
  'all acts, left out': { journal: journalOf(three), trail: {}, expected: /the acts 1 to 3 are missing/ },
  'records that are gone before any sink had them': {
    journal: journalOf(three),
    trail: trailOf(records.slice(1)),
    expected: /records 1 to 1 are gone before any sink acknowledged them/,
  },
  'a trail that cannot be read': { journal: {}, trail: { trail: '{}' }, expected: /the trail of acts cannot be parsed/ },
  'a head that cannot be read': {
    journal: { [ACTS_HEAD]: 'x' },
    trail: trailOf(records),
    expected: /the journal of acts is damaged: the number of its newest entry cannot be parsed/,
  },
};

describe('audit verify of the acts of the installation', () => {
  for (const [name, { journal, trail, expected }] of Object.entries(rows))
    it(`${expected ? 'finds' : 'takes'} ${name}`, () => {
      const findings = findInActs(journal as Record<string, string>, trail as Record<string, string>, keys).join('; ');
      if (expected) assert.match(findings, expected);
      else assert.equal(findings, '');
    });

  it('is made with -A, and ends with 1 where something is missing', async () => {
    const published = { data: { k1: publicKey.export({ format: 'der', type: 'spki' }).toString('base64') } };
    const answers: Readonly<Record<string, object>> = {
      'sentinel-seal-keys': published,
      'sentinel-acts': { data: journalOf(three) },
      'sentinel-acts-trail': { data: trailOf(record(three.slice(0, 2))) },
    };
    const { code, out } = await runAgainst(
      ({ path }) => ok(answers[path.split('/').at(-1) ?? ''] ?? { metadata: { resourceVersion: '1' }, items: [] }),
      ['audit', 'verify', '-A'],
    );
    assert.equal(code, 1);
    assert.match(out, /acts of the installation \(sentinel-acts-trail\): NOT SOUND\n {2}! the acts 3 to 3 are missing/);
  });
});
