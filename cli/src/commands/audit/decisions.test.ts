import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';
import { type AgentAction, type AuditEntry, type AuditRecord, annotations, chainRecord, digestOf } from '@sentinel/crds';
import { type DecisionRecord, sealRecord } from '@sentinel/policy';
import { ok, runAgainst } from '../../../test/fake-cluster.ts';
import { anAction, aPlan } from '../../../test/fixtures.ts';
import { decisionFindings, endFindings } from './decisions.ts';

const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const keys = new Map([['k1', publicKey]]);
const plan = aPlan();
const digest = digestOf(plan.spec);

function sealed(user: string, change: Partial<DecisionRecord> = {}): DecisionRecord {
  const time = '2026-03-02T10:20:00Z';
  const made = { action: 'uid-1', plan: digest, user, uid: `uid-${user}`, groups: ['sre'], extra: {}, decision: 'approve', time };
  return sealRecord({ ...made, ...change }, 'k1', privateKey) as DecisionRecord;
}

type Told = Partial<Omit<AuditEntry, 'details'>> & { readonly details?: Readonly<Record<string, string>> };

const decided = (actor: string, { details, ...change }: Told = {}): AuditEntry => ({
  time: '2026-03-02T10:20:01Z',
  action: 'uid-1',
  transition: 'Decided',
  actor,
  summary: `approve by ${actor}`,
  plan: digest,
  details: Object.entries({ 'sentinel.decision': 'approve', 'sentinel.decision.uid': `uid-${actor}`, ...details }).map(
    ([name, value]) => ({ name, value }),
  ),
  ...change,
});
const ended = (state: string, success = 'true'): AuditEntry => ({
  time: '2026-03-02T10:30:00Z',
  action: 'uid-1',
  transition: 'Ended',
  actor: 'sentinel-operator',
  summary: state,
  details: [
    { name: 'sentinel.state', value: state },
    { name: 'sentinel.success', value: success },
  ],
});

interface Given {
  readonly state?: string;
  readonly decisions: readonly DecisionRecord[];
  readonly records: readonly AuditEntry[];
  readonly count?: number;
  /** How many of the first records have left. */
  readonly left?: number;
}

function acted({ state = 'AwaitingApproval', decisions, records, count = decisions.length, left = 0 }: Given): AgentAction {
  const action = anAction(plan, state);
  const { status } = action;
  const outbox = status?.outbox ?? assert.fail();
  const all: AuditRecord[] = [...outbox.records];
  for (const entry of records) all.push(chainRecord(all.at(-1), entry));
  const { sequence, hash } = all.at(-1) ?? assert.fail();
  const success = state === 'Succeeded' ? ('True' as const) : ('False' as const);
  return {
    ...action,
    metadata: {
      ...action.metadata,
      annotations: {
        ...action.metadata.annotations,
        [annotations.approvals]: decisions.map((one) => JSON.stringify(one)).join('\n'),
      },
    },
    status: {
      ...status,
      decisionCount: count,
      conditions: (status?.conditions ?? []).map((one) =>
        one.type === 'Succeeded' && state !== 'AwaitingApproval' ? { ...one, status: success } : one,
      ),
      ...(state === 'AwaitingApproval' ? {} : { finishedAt: '2026-03-02T10:30:00Z' }),
      outbox: { ...outbox, sequence, head: hash, exported: left, records: all.slice(left) },
    },
  };
}

const ada = sealed('ada');
const rows: Readonly<Record<string, { given: Given; expected?: RegExp }>> = {
  'a count of decisions that are not sealed': {
    given: { decisions: [ada], records: [decided('ada')], count: 2 },
    expected: /the status counts 2 decisions, but 1 are sealed/,
  },
  'what agrees': { given: { decisions: [ada], records: [decided('ada')] } },
  'what agrees after records have left': {
    given: { decisions: [ada, sealed('bob')], records: [decided('ada'), decided('bob')], left: 4 },
  },
  'a decision that no record reports yet, while the action waits': { given: { decisions: [ada], records: [], count: 0 } },
  'an approval that another name is told for': {
    given: { decisions: [ada], records: [decided('mallory')] },
    expected: /record 4 reports a decision by 'mallory', but the sealed decision has the user 'ada'/,
  },
  'a rejection that is told as an approval': {
    given: { decisions: [sealed('ada', { decision: 'reject' })], records: [decided('ada')] },
    expected: /has the decision 'reject' where the record has 'approve'/,
  },
  'an approval of another plan': {
    given: { decisions: [ada], records: [decided('ada', { plan: `sha256:${'9'.repeat(64)}` })] },
    expected: /has the plan/,
  },
  'a resolution of another effect': {
    given: {
      decisions: [sealed('ada', { decision: 'accept', effect: 0 })],
      records: [decided('ada', { details: { 'sentinel.decision': 'accept', 'sentinel.decision.effect': '2' } })],
    },
    expected: /has the effect '1' where the record has '2'/,
  },
  'a record without a sealed decision': {
    given: { decisions: [ada], records: [decided('ada'), decided('bob')], count: 2 },
    expected: /record 5 reports a decision by 'bob', but no such decision is sealed/,
  },
  'a counted decision without a record': {
    given: { decisions: [ada], records: [] },
    expected: /the status counts 1 decisions, but only 0 have a record/,
  },
  'a decision that was kept quiet up to the end': {
    given: { state: 'Succeeded', decisions: [sealed('ada', { decision: 'reject' })], records: [ended('Succeeded')], count: 0 },
    expected: /the sealed decision of 'ada' \(reject, .*\) has no record/,
  },
  'a decision in the moment of the end': {
    given: {
      state: 'Succeeded',
      decisions: [sealed('ada', { time: '2026-03-02T10:29:59Z' })],
      records: [ended('Succeeded')],
      count: 0,
    },
  },
  'a seal that does not hold': {
    given: {
      decisions: [{ ...ada, user: 'mallory' }],
      records: [decided('mallory', { details: { 'sentinel.decision.uid': 'uid-ada' } })],
    },
    expected: /the sealed decision of 'mallory' .*its seal does not verify/,
  },
  'an end that is told as another one': {
    given: { state: 'Succeeded', decisions: [], records: [ended('RolledBack', 'false')] },
    expected: /the action is Succeeded, but record 4 says that it ended as RolledBack.*the condition Succeeded is True/,
  },
  'an end that is told, of an action that goes on': {
    given: { decisions: [], records: [ended('RolledBack', 'false')] },
    expected: /record 4 reports the end of the action, but the action is AwaitingApproval/,
  },
  'something after the end': {
    given: { state: 'Succeeded', decisions: [ada], records: [ended('Succeeded'), decided('ada')] },
    expected: /record 5 \(Decided\) comes after the end/,
  },
};

describe('audit verify compares records with the seals', () => {
  for (const [name, { given, expected }] of Object.entries(rows))
    it(`${expected ? 'finds' : 'takes'} ${name}`, () => {
      const action = acted(given);
      const findings = [...decisionFindings(action, keys), ...endFindings(action)].join('; ');
      if (expected) assert.match(findings, expected);
      else assert.equal(findings, '');
    });

  it('compares names also if nobody lets it read the keys', () => {
    const action = acted({ decisions: [ada], records: [decided('mallory')] });
    assert.match(decisionFindings(action, undefined).join('; '), /by 'mallory', but the sealed decision has the user 'ada'/);
  });

  it('ends with 1 and says what does not agree', async () => {
    const published = { data: { k1: publicKey.export({ format: 'der', type: 'spki' }).toString('base64') } };
    const action = acted({ decisions: [ada], records: [decided('mallory')] });
    const ran = await runAgainst(
      ({ path }) => ok(path.includes('/configmaps/sentinel-seal-keys') ? published : action),
      ['audit', 'verify', 'repair-web'],
    );
    assert.equal(ran.code, 1);
    assert.match(
      ran.out,
      /NOT SOUND\n {2}! record 4 reports a decision by 'mallory', but the sealed decision has the user 'ada'/,
    );
  });
});
