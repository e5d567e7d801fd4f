import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';
import { type ActionPlan, type AgentAction, type AuditEntry, type AuditRecord, chainRecord, digestOf } from '@sentinel/crds';
import { parseStatement, sealStatement, statementFindings } from '@sentinel/policy';
import { ok, refusal, runAgainst } from '../../../test/fake-cluster.ts';
import { anAction, aPlan, publishedStatementKeys, statementKey, statementKeys } from '../../../test/fixtures.ts';
import {
  all,
  atEnd,
  digest,
  ended,
  half,
  plan,
  ran,
  rolledBack,
  type States,
  says,
  TIME,
  tell,
  verified,
} from './records.fixture.ts';
import { findUnstated } from './statements.ts';

// What an operator that somebody has taken over may write: everything, except for what the gateway has sealed.

const good = { verified: true, over: true } as const;
const whole = says(all('D'), good);
const forged = generateKeyPairSync('ed25519').privateKey;

interface Row {
  readonly records: readonly AuditEntry[];
  readonly state?: string;
  readonly plans?: readonly ActionPlan[];
  readonly status?: Partial<NonNullable<AgentAction['status']>>;
  readonly created?: string;
  /** What the action was filed for; Apply when left out. */
  readonly mode?: 'DryRun';
  /** Whether the record of the plan is left out. */
  readonly unplanned?: boolean;
  /** Whether the records name the plan of the others, not the one that is shown. */
  readonly stays?: boolean;
  readonly expected?: RegExp;
}

const rows: Readonly<Record<string, Row>> = {
  'a run that succeeded': { records: [ran(whole), verified(whole), ended(whole, 'Succeeded')] },
  'a run that was rolled back': {
    records: [ran(says(half), 1, 'Failed'), rolledBack(says(all('r'))), ended(atEnd(all('r')), 'RolledBack')],
  },
  'an action that was not run': { records: [ended(says(undefined), 'Rejected', 'Rejected. Nothing was changed.')] },
  'a run whose pod never came': { records: [ran(undefined, 0, 'Failed'), ended(says(undefined), 'RunFailed')] },
  'an action from before the gateway stated anything': {
    records: [ran(undefined), ended(undefined, 'Succeeded')],
    created: '2025-12-31T00:00:00Z',
  },
  'more effects carried out than were': {
    records: [ran(says(half))],
    expected: /record 4 \(RunEnded\): the number of effects that were carried out is '5', and the gateway says '1'/,
  },
  'other effects carried out than were': {
    records: [ran(says([...half].reverse() as States), 1, 'Failed')],
    expected: /the effects that were carried out is '1', and the gateway says '5'/,
  },
  'a run of which nothing was stated': {
    records: [ran(undefined)],
    expected: /record 4 \(RunEnded\) has no statement of the gateway, so it is the operator's word alone/,
  },
  'a statement with another seal': {
    records: [ran(says(all('D'), good, { id: 'gateway-1', privateKey: forged }))],
    expected: /the statement of the gateway does not hold: its seal does not verify/,
  },
  'a statement with a key of one’s own': {
    records: [ran(says(all('D'), good, { id: 'mine', privateKey: forged }))],
    expected: /sealed with the key 'mine', which is not known/,
  },
  'a statement that was changed': {
    records: [ran(whole.replace('D5', 'D4'))],
    expected: /does not hold: its seal does not verify/,
  },
  'a statement that cannot be read': { records: [ran('{}')], expected: /the statement of the gateway cannot be parsed/ },
  'a statement about another action': {
    records: [ran(says(all('D'), { ...good, action: 'uid-9' }))],
    expected: /it is for another action/,
  },
  'a statement about another Job': {
    records: [ran(says(all('D'), { job: 'job-9' }))],
    expected: /the Job of the run is 'job-2', and the gateway says 'job-9'/,
  },
  'the run of another plan': {
    records: [ran(says(all('D'), { plan: `sha256:${'9'.repeat(64)}` }))],
    expected: /the plan is 'sha256:.*', and the gateway says 'sha256:9/,
  },
  'a block that is kept quiet': {
    records: [ran(says(all('D'), { blocked: true }))],
    expected: /ended as Succeeded, and the gateway says that it blocked the run/,
  },
  'checks that succeeded, and did not': {
    records: [ran(whole), verified(says(all('D')))],
    expected: /record 5 \(VerificationEnded\): it says that the checks succeeded, and the gateway did not see them succeed/,
  },
  'a rollback that restored more than it did': {
    records: [ran(says(half), 1, 'Failed'), rolledBack(says(half))],
    expected:
      /the number of effects that are rolled back is '5', and the gateway says '0'.*effect 1 is told as Restored, and the gateway says that it was carried out and stays/,
  },
  'a rollback that is told as a failure': {
    records: [rolledBack(says(all('r')), 0)],
    expected: /effect 1 is told as Failed, and the gateway says that it was carried out and is restored/,
  },
  'a success of which a part was not carried out': {
    records: [ended(atEnd(half), 'Succeeded')],
    expected:
      /ended as Succeeded, and the gateway says: Job job-2 ran it; 1 of 5 effects carried out; 4 of 5 effects not carried out/,
  },
  'an end with what was stated before it': {
    records: [ran(says(all('D'))), ended(says(all('D')), 'VerificationFailed')],
    expected: /record 5 \(Ended\): its statement was made before the end, so more may have been done after it/,
  },
  'a success of nothing': { records: [ended(says(undefined), 'Succeeded')], expected: /the gateway says: it was not run/ },
  'a rejection of what was run': {
    records: [ended(atEnd(all('D')), 'Rejected')],
    expected: /ended as Rejected, and the gateway says: Job job-2 ran it; 5 of 5 effects carried out/,
  },
  'an end that changed nothing, and did': {
    records: [ended(atEnd(half), 'RunFailed', 'RunFailed: x. Nothing was changed.')],
    expected: /ended as RunFailed, and the gateway says: .*1 of 5 effects carried out/,
  },
  'an end of which nothing was stated': {
    records: [ended(undefined, 'Expired')],
    expected: /record 4 \(Ended\) has no statement of the gateway/,
  },
  'an end before any plan, if there is a plan': {
    records: [ended(undefined, 'Denied')],
    plans: [plan],
    expected: /record 4 \(Ended\) has no statement of the gateway/,
  },
  'a dry run': { records: [ended(undefined, 'DryRunCompleted')], mode: 'DryRun' },
  'a dry run that was a real run': {
    records: [ended(undefined, 'DryRunCompleted')],
    expected: /record 4 \(Ended\) has no statement of the gateway/,
  },
  'an end before any plan, although a plan exists': {
    records: [tell('Decided', { details: {} }), ended(undefined, 'Denied')],
    unplanned: true,
    expected: /record 4 \(Ended\) has no statement of the gateway/,
  },
  'a plan that shows other effects': {
    records: [],
    plans: [aPlan({ effects: plan.spec.effects.slice(0, 1) })],
    expected: /the digest of the effects that the plan shows is/,
  },
  'a plan that does not exist': {
    records: [],
    plans: [aPlan({ attempt: 2 })],
    stays: true,
    expected: /record 3 \(Planned\): no ActionPlan of the action has the digest/,
  },
  'a plan with other steps': {
    records: [],
    plans: [aPlan({ steps: [{ name: 'x', command: ['true'] }] })],
    expected: /record 3 \(Planned\): the digest of what the plan shows is/,
  },
  'a status that tells another rollback': {
    records: [ended(atEnd(half), 'RollbackIncomplete')],
    state: 'RollbackIncomplete',
    status: { rollback: [{ effect: 0, outcome: 'Restored' }] },
    expected: /the status: effect 1 is told as Restored/,
  },
};

function acted({ records, state = 'AwaitingApproval', status = {}, plans = [], ...row }: Row): AgentAction {
  const { created, stays, mode, unplanned } = row;
  const action = anAction(plan, state);
  const outbox = action.status?.outbox ?? assert.fail();
  // The record names the plan that is shown.
  const shown = plans[0] && !stays ? digestOf(plans[0].spec) : digest;
  const kept: AuditRecord[] = [];
  const before = outbox.records.filter(({ transition }) => !(unplanned && transition === 'Planned'));
  for (const { sequence: _, previous: __, hash: ___, ...entry } of before)
    kept.push(chainRecord(kept.at(-1), { ...entry, ...(entry.plan ? { plan: shown } : {}) }));
  for (const entry of records) kept.push(chainRecord(kept.at(-1), { ...entry, plan: shown === digest ? entry.plan : shown }));
  const { sequence, hash } = kept.at(-1) ?? assert.fail();
  return {
    ...action,
    metadata: { ...action.metadata, ...(created === undefined ? {} : { creationTimestamp: created }) },
    spec: { ...action.spec, ...(mode === undefined ? {} : { mode }) },
    status: { ...action.status, ...status, outbox: { ...outbox, sequence, head: hash, records: kept } },
  };
}

describe('audit verify holds what the operator recorded against what the gateway stated', () => {
  const since = Date.parse(publishedStatementKeys.metadata.creationTimestamp);
  for (const [name, row] of Object.entries(rows))
    it(`${row.expected ? 'finds' : 'takes'} ${name}`, () => {
      const findings = findUnstated(acted(row), row.plans ?? [], { keys: statementKeys, since }).join('; ');
      if (row.expected) assert.match(findings, row.expected);
      else assert.equal(findings, '');
    });

  describe('with records alone', () => {
    const told = (stated: 'DryRun' | undefined) => {
      const base = { kind: 'Rehearsal' as const, action: 'uid-1', time: TIME, job: 'job-1', account: 'x', recording: 'r' };
      const statement = sealStatement({ ...base, effects: 1, ...(stated ? { mode: stated } : {}) }, statementKey);
      const planned = tell('Planned', { statement, details: { 'sentinel.effects.planned': '1' } }, { job: 'job-1' });
      const first = chainRecord(undefined, planned);
      return [first, chainRecord(first, ended(undefined, 'DryRunCompleted'))];
    };
    const findings = (stated: 'DryRun' | undefined) =>
      statementFindings({ action: 'uid-1', records: told(stated), keys: statementKeys }).join('; ');

    it('takes a dry run of which the gateway says that it was one', () => assert.equal(findings('DryRun'), ''));
    it('finds one of which it does not', () => assert.match(findings(undefined), /record 2 \(Ended\) has no statement/));
  });

  const answers = (action: AgentAction, plans: readonly ActionPlan[], keys: ReturnType<typeof ok>) =>
    runAgainst(
      ({ path }) =>
        path.includes('/configmaps/')
          ? keys
          : ok(path.endsWith('/actionplans') ? { metadata: { resourceVersion: '1' }, items: plans } : action),
      ['audit', 'verify', 'repair-web'],
    );

  it('ends with 1, names the difference, and prints what the gateway states', async () => {
    const forgery = acted({ records: [ran(says(half)), ended(atEnd(half), 'RunFailed')], state: 'RunFailed' });
    const { code, out } = await answers(forgery, [plan], ok(publishedStatementKeys));
    assert.equal(code, 1);
    assert.match(out, /the gateway states: Job job-2 ran it; 1 of 5 effects carried out/);
    assert.match(out, /! record 4 \(RunEnded\): the number of effects that were carried out is '5', and the gateway says '1'/);
  });

  it('compares also if nobody lets it read the keys, and says so', async () => {
    const forgery = acted({ records: [ran(says(half))] });
    const { code, out, error } = await answers(forgery, [plan], refusal(403, 'Forbidden', 'no'));
    assert.equal(code, 1);
    assert.match(out, /the number of effects that were carried out is '5'/);
    assert.match(error, /their seals are not verified: reading the ConfigMap 'sentinel-statement-keys'/);
  });
});

describe('A statement', () => {
  it('has room in a record, whatever became of each of 500 effects', () => {
    const states = Array.from({ length: 500 }, (_, at): States[number] => (at % 2 === 0 ? 'D' : 'U'));
    const uid = '307860a5-7d4e-4f0a-9a0b-0d5f7f3a1c2e';
    const text = says(states, {
      action: uid,
      job: uid,
      account: 'a'.repeat(63),
      checks: 32,
      blocked: true,
      endedWell: true,
      over: true,
    });
    assert.ok(text.length <= 1024, `${text.length} characters`);
    assert.deepEqual(parseStatement(text)?.kind, 'Run');
  });
});
