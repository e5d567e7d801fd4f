import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Requirements } from './requirements.ts';
import { NOW, sealed, tallyFacts, type Unsealed } from './sealed.fixture.ts';
import { parseDecisions, type TallyFacts, tallyDecisions } from './tally.ts';

const HOUR = 3_600_000;
const line = (more: Partial<Unsealed> = {}) =>
  sealed({ groups: ['sre', 'oncall'], time: new Date(NOW - 10_000).toISOString(), ...more });
const requirements: Requirements = { approvals: 1, groups: undefined, expiresAfter: '1h' };
const tally = (approvals: string, more: Partial<TallyFacts> = {}) =>
  tallyDecisions(tallyFacts(approvals, { requirements, ...more }));
const whyNot = (approvals: string, more?: Partial<TallyFacts>) => tally(approvals, more).judged[0]?.why;

describe('The groups of an approver', () => {
  const rows: readonly [what: string, groups: Partial<Requirements>, why: string | undefined][] = [
    ['need to have one of those that are asked for', { groups: ['dba', 'sre'] }, undefined],
    ['are not enough when they have none of them', { groups: ['dba', 'net'] }, 'the user is in none of the groups dba, net'],
    ['need to have one of the approvers of the floor as well', { groups: ['sre'], approverGroups: ['x', 'oncall'] }, undefined],
    [
      'are not enough without one of the approvers of the floor',
      { groups: ['sre'], approverGroups: ['admins', 'x'] },
      'the user is in none of the groups admins, x',
    ],
    ['must not have one that is refused', { refuseGroups: ['x', 'oncall'] }, "members of 'oncall' cannot approve"],
    [
      'must not have one that is refused, whatever else they have',
      { groups: ['sre'], refuseGroups: ['sre'] },
      "members of 'sre' cannot approve",
    ],
    ['may be others than those that are refused', { refuseGroups: ['x'] }, undefined],
  ];
  for (const [what, groups, why] of rows)
    it(what, () => assert.equal(whyNot(line(), { requirements: { ...requirements, ...groups } }), why));
});

describe('The time of an approval', () => {
  const atTime = (ms: number) => line({ time: new Date(ms).toISOString() });

  it('may be ahead by what clocks differ, and no more', () => {
    assert.equal(whyNot(atTime(NOW)), undefined);
    assert.equal(whyNot(atTime(NOW + 60_000)), undefined);
    assert.equal(whyNot(atTime(NOW + 60_001)), 'its time is in the future');
    assert.equal(whyNot(line({ time: 'soon' })), 'its time is in the future');
  });

  it('ends with its last moment', () => {
    assert.equal(whyNot(atTime(NOW - HOUR + 1)), undefined);
    assert.equal(whyNot(atTime(NOW - HOUR)), 'it has expired');
    assert.equal(whyNot(line({ expires: new Date(NOW).toISOString() })), 'it has expired');
    assert.equal(whyNot(line({ expires: new Date(NOW + 1).toISOString() })), undefined);
    assert.equal(whyNot(line({ expires: 'never' })), 'it has expired');
  });

  it('must be later than the moment at which the kill switch was turned off', () => {
    const made = NOW - 10_000;
    const why = 'it was given before the kill switch was turned off: approve again';
    assert.equal(whyNot(atTime(made), { notBefore: made - 1 }), undefined);
    assert.equal(whyNot(atTime(made), { notBefore: made }), why);
    assert.equal(whyNot(atTime(made), { notBefore: made + 1 }), why);
    // A no counts all the same.
    assert.equal(tally(line({ decision: 'reject' }), { notBefore: NOW }).rejectedBy?.user, 'ada');
  });

  it('is that of the first that ends, and there is none without an approval', () => {
    const other = line({ user: 'bea', uid: '8', expires: new Date(NOW + 5).toISOString() });
    assert.equal(tally(`${line()}\n${other}`).goodUntil, NOW + 5);
    assert.equal(tally(line({ decision: 'reject' })).goodUntil, undefined);
    assert.equal(tally('').goodUntil, undefined);
  });
});

describe('One person under several names', () => {
  it('counts once, also where only a chain of names and uids connects them', () => {
    const chain = [line(), line({ user: 'ada@new' }), line({ user: 'ada@new', uid: '9' })];
    assert.equal(tally(chain.join('\n')).approvals, 1);
    assert.equal(tally([...chain, line({ user: 'ada', uid: '', decision: 'revoke' })].join('\n')).approvals, 0);
    assert.equal(tally([line(), line({ user: 'bea', uid: '8' })].join('\n')).approvals, 2);
  });
});

describe('Lines that are not records', () => {
  it('are counted, also among others, and empty ones are not', () => {
    assert.deepEqual(parseDecisions(undefined), { records: [], unreadable: 0 });
    assert.deepEqual(parseDecisions('\n\n'), { records: [], unreadable: 0 });
    const { records, unreadable } = parseDecisions(`\n${line()}\nnonsense\n{}\n${' '.repeat(300)}\n${line({ user: 'bea' })}\n`);
    assert.deepEqual([records.map(({ user }) => user), unreadable], [['ada', 'bea'], 3]);
  });
});

describe('Rights that are asked for once more', () => {
  const rights = { mayApprove: true, actsAs: 'impersonate the requester' };
  const exempt = line({ exemptBy: 'ClusterAgentPolicy/floor' });
  const deciders = new Map([[JSON.parse(exempt).seal as string, rights]]);

  it('refuse an exemption that policy does not know now, or that nobody is asked about', () => {
    const why = /can impersonate the requester, so they count as the same person/;
    assert.equal(whyNot(exempt, { deciders, exemptBy: () => 'ClusterAgentPolicy/floor' }), undefined);
    assert.match(whyNot(exempt, { deciders, exemptBy: () => undefined }) ?? '', why);
    assert.match(whyNot(exempt, { deciders }) ?? '', why);
  });
});
