import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { anAction, aPlan, NOW } from '../../test/fixtures.ts';
import { growingQueue, uncountedLines } from '../commands/queue.ts';
import { age, span, table } from './table.ts';

describe('a table', () => {
  it('pads all columns but the last, and says what is empty', () => {
    assert.equal(
      table(
        ['NAME', 'RISK', 'AGE'],
        [
          ['a-long-name', undefined, '3h'],
          ['b', 'High', ''],
        ],
      ),
      'NAME          RISK     AGE\na-long-name   <none>   3h\nb             High     <none>',
    );
  });

  it('shows nothing hostile and keeps a row on its line', () => {
    assert.equal(table(['NAME'], [['a\n\u001b[2Kb']]), 'NAME\na\\u000a\\u001b[2Kb');
  });

  it('shrinks only the named column, in the middle, to fit 120 columns', () => {
    const name = 'restart-payments-frontend-bcdfg';
    const text = table(['NAME', 'REQUESTER', 'AGE'], [[name, `sa:payments:${'x'.repeat(160)}-agent`, '3h']], ['REQUESTER']);
    const [, row = ''] = text.split('\n');
    assert.equal(row.length, 120 - 1);
    assert.ok(row.startsWith(name));
    assert.match(row, /sa:payments:x+…x+-agent/);
  });
});

describe('the queue', () => {
  const action = anAction(aPlan());
  it('fits 120 columns with namespaces and a long requester', () => {
    const long = anAction(aPlan({ requester: `system:serviceaccount:shop:${'repair-'.repeat(12)}agent` }));
    const text = growingQueue([long], { all: true, now: NOW }).text;
    assert.match(
      text,
      /^NAMESPACE {3}NAME {9}RISK {7}EFFECTS {3}APPROVALS {3}REQUESTER {46}WAITING\nshop {8}repair-web {3}Critical {3}5 {9}1\/2 {9}sa:repair-[a-z-]+…[a-z-]+-agent {3}20m\n {2}patch Deployment web: image .*1\.2\.4, 1 more field \(\+4 more\)$/,
    );
    for (const line of text.split('\n').slice(0, 2)) assert.ok(line.length <= 120, `${line.length}: ${line}`);
  });

  it('names an agent of the same namespace by its name alone', () => {
    assert.match(growingQueue([action], { all: false, now: NOW }).text, / sa:repair-agent /);
  });

  it('counts a person once', () => {
    const [first] = action.status?.decisions ?? [];
    assert.ok(first);
    const twice = { ...action, status: { ...action.status, decisions: [first, first] } };
    assert.match(growingQueue([twice], { all: false, now: NOW }).text, / 1\/2 /);
  });
});

describe('below the queue', () => {
  const action = anAction(aPlan());
  const [counting] = action.status?.decisions ?? [];
  assert.ok(counting);
  const why = 'it is from an agent: AgentPolicy/shop names it in `subjects`';
  const lost = { ...counting, plan: action.status?.plan?.digest ?? '', user: 'bea\u001b', counts: false, why };
  const linesOf = (...decisions: (typeof counting)[]) => uncountedLines([{ ...action, status: { ...action.status, decisions } }]);

  it('are the approvals that do not count, and why', () =>
    assert.deepEqual(linesOf(counting, lost), [`! repair-web: the approval of bea\\u001b does not count because ${why}`]));

  it('leaves out approvals that were revoked or given again, those of another plan, and rejections', () => {
    assert.deepEqual(linesOf(lost, { ...lost, decision: 'revoke', counts: true }), []);
    assert.deepEqual(linesOf(lost, { ...lost, counts: true }), []);
    assert.deepEqual(linesOf({ ...lost, plan: `sha256:${'9'.repeat(64)}` }, { ...lost, decision: 'reject' }), []);
  });
});

describe('times', () => {
  for (const [time, expected] of [
    ['2026-03-02T10:29:15Z', '45s'],
    ['2026-03-02T10:10:00Z', '20m'],
    ['2026-03-02T06:30:00Z', '4h'],
    ['2026-02-20T10:30:00Z', '10d'],
    ['2026-03-02T11:00:00Z', '0s'],
    [undefined, '<unknown>'],
  ] as const)
    it(`shows the age of ${time} as ${expected}`, () => assert.equal(age(time, NOW), expected));

  it('shows spans', () => {
    assert.equal(span('2026-03-02T10:00:00Z', '2026-03-02T10:00:12Z'), '12.0s');
    assert.equal(span('2026-03-02T10:00:00Z', '2026-03-02T10:03:05Z'), '3m5s');
    assert.equal(span('2026-03-02T10:00:00Z', undefined), undefined);
  });
});
