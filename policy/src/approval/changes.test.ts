import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readPolicy } from '../policyset/compile.ts';
import { aPolicySet } from '../testing/policies.fixture.ts';
import { hasRequestedChanges, judgeRevision } from './changes.ts';
import { at, tallyFacts as facts, sealed as line, NOW, plan, stranger } from './sealed.fixture.ts';
import { isApproved, tallyDecisions, uselessBecause } from './tally.ts';

const other = (digit: string) => `sha256:${digit.repeat(64)}`;
const asks = (more: Parameters<typeof line>[0] = {}) => line({ decision: 'request-changes', comment: 'use 1.2.5', ...more });
const bea = { user: 'bea', uid: '8' };
const lines = (...all: string[]) => all.join('\n');
const needed = facts(undefined).requirements;

describe('A request for changes', () => {
  const rows: [name: string, approvals: string, by: string | undefined, approved: boolean][] = [
    ['stops a plan that is approved', lines(line(bea), asks()), 'ada', false],
    ['stops a plan, whatever is approved after it by others', lines(asks(), line(bea)), 'ada', false],
    ['is replaced by a later approval of the same person', lines(asks(), line()), undefined, true],
    ['is revoked by its person', lines(line(bea), asks(), line({ decision: 'revoke' })), undefined, true],
    ['is not revoked by others', lines(line(bea), asks(), line({ ...bea, decision: 'revoke' })), 'ada', false],
    ['replaces an approval of the same person', lines(line(), asks()), 'ada', false],
    ['is one person under two names', lines(asks(), line({ user: 'ada@new' })), undefined, true],
    ['stands if the later approval has expired', lines(asks(), line({ time: at(-120) })), 'ada', false],
    ['of another plan stops nothing', lines(asks({ plan: other('2') }), line(bea)), undefined, true],
    ['of another action stops nothing', lines(asks({ action: 'uid-2' }), line(bea)), undefined, true],
    [
      'with a forged seal stops nothing',
      lines(line({ ...bea }), line({ decision: 'request-changes' }, stranger.privateKey)),
      undefined,
      true,
    ],
    ['of a program stops nothing', lines(asks({ user: 'system:serviceaccount:shop:x' }), line(bea)), undefined, true],
    ['does not expire while the plan stands', lines(line(bea), asks({ time: at(-600) })), 'ada', false],
  ];
  for (const [name, approvals, by, approved] of rows)
    it(name, () => {
      const tally = tallyDecisions(facts(approvals));
      assert.equal(tally.changesRequestedBy?.user, by);
      assert.equal(isApproved(tally, needed), approved);
    });

  it('counts for its plan alone: old approvals and old requests are for another plan', () => {
    const tally = tallyDecisions(facts(lines(line(), asks(bea)), { plan: other('2') }));
    assert.deepEqual(
      tally.judged.map(({ counts, why }) => [counts, why]),
      [
        [false, 'it is for another plan'],
        [false, 'it is for another plan'],
      ],
    );
    assert.equal(isApproved(tally, needed), false);
  });

  it('stands although its person became an agent or is in no group, like a rejection', () => {
    const agents = [{ policy: 'p', namespace: 'shop', kind: 'User' as const, name: 'ada', subjectNamespace: undefined }];
    const requirements = { ...needed, groups: ['dba'] };
    assert.equal(tallyDecisions(facts(asks(), { agents, requirements })).changesRequestedBy?.comment, 'use 1.2.5');
  });

  it('says why what it replaces does not count', () => {
    const whys = (...all: string[]) => tallyDecisions(facts(lines(...all))).judged.map(({ why }) => why);
    assert.deepEqual(whys(line(), asks()), ['its person has decided again since', undefined]);
    assert.deepEqual(whys(asks(), asks()), ['one person counts once', undefined]);
    assert.deepEqual(whys(asks(), line({ decision: 'revoke' })), ['it was revoked', undefined]);
  });

  it('is refused where it would have no effect', () => {
    const useless = (word: 'request-changes' | 'revoke' | 'approve', ...all: string[]) =>
      uselessBecause(word, { user: 'ada', uid: '7' }, tallyDecisions(facts(lines(...all))), plan);
    assert.match(useless('request-changes', asks()) ?? '', /you have asked for changes of this plan already/);
    assert.equal(useless('request-changes', line()), undefined);
    assert.equal(useless('request-changes', asks({ plan: other('2') })), undefined);
    assert.equal(useless('revoke', asks()), undefined);
    assert.equal(useless('approve', asks()), undefined);
    assert.match(useless('revoke', asks(), line({ decision: 'revoke' })) ?? '', /already/);
  });

  it('is never undone by time alone', () =>
    assert.equal(tallyDecisions(facts(asks(), { now: NOW + 24 * 3600_000 })).changesRequestedBy?.user, 'ada'));
});

describe('The number of revisions', () => {
  const policy = (kind: 'AgentPolicy' | 'ClusterAgentPolicy', revisions: number | undefined) => {
    const spec = { limits: revisions === undefined ? {} : { revisions } };
    return { kind, name: 'p', ...readPolicy({ kind, metadata: { name: 'p' }, spec: spec as never }) };
  };
  const floor = (revisions?: number) => policy('ClusterAgentPolicy', revisions);
  const local = (revisions?: number) => policy('AgentPolicy', revisions);
  const asked = (...digits: string[]) => lines(...digits.map((digit) => asks({ plan: other(digit) })));
  const rows: [name: string, set: ReturnType<typeof policy>[], before: string, refusedBy: string[]][] = [
    ['is three without a policy', [floor()], asked('2', '3'), []],
    ['is three without a policy, and not four', [floor()], asked('2', '3', '4'), ['Sentinel']],
    ['is what the floor says', [floor(5)], asked('2', '3', '4', '5'), []],
    ['is what the floor says, and not one more', [floor(1)], asked('2'), ['ClusterAgentPolicy/p']],
    ['is zero where a policy says so', [floor(0)], '', ['ClusterAgentPolicy/p']],
    ['is lower where a namespace says so', [floor(5), local(1)], asked('2'), ['AgentPolicy/p']],
    ['is not higher where a namespace says so', [floor(), local(20)], asked('2', '3', '4'), ['Sentinel']],
    ['counts several requests of one plan once', [floor(2)], asked('2', '2', '2'), []],
    ['counts no request of the current plan', [floor(1)], asks(), []],
    ['counts nothing but requests', [floor(1)], lines(line(), line({ decision: 'revoke' })), []],
  ];
  for (const [name, set, before, refusedBy] of rows)
    it(name, () => {
      const refusals = judgeRevision(aPolicySet(set), before === '' ? undefined : before, plan);
      assert.deepEqual(
        refusals.map((refusal) => [refusal.code, refusal.rule, refusal.policy]),
        refusedBy.map((by) => ['RevisionLimitExceeded', 'limits.revisions', by]),
      );
    });

  it('is remembered by the action: each later plan needs a person', () => {
    assert.equal(hasRequestedChanges(undefined), false);
    assert.equal(hasRequestedChanges(line()), false);
    assert.equal(hasRequestedChanges(asked('2')), true);
  });
});
