import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readPolicy } from '../policyset/compile.ts';
import { aPolicySet } from '../testing/policies.fixture.ts';
import { judgeReason, type ReasonedDecision, type RequiredReasons, reasonFault, requiredReasons, ticketsIn } from './reasons.ts';
import { judgePlan, strictest } from './requirements.ts';
import { tallyFacts as facts, sealed as line } from './sealed.fixture.ts';
import { tallyDecisions } from './tally.ts';

const policy = (kind: 'AgentPolicy' | 'ClusterAgentPolicy', name: string, spec: object) => {
  const read = readPolicy({ kind, metadata: { name }, spec: spec as never });
  return { kind, name, ...read };
};
const floor = (reasons: object) =>
  policy('ClusterAgentPolicy', 'floor', { reasons, approvals: [{ upToRisk: 'Critical', approvals: 1 }] });
const local = (reasons: object) => policy('AgentPolicy', 'shop', { reasons });

const OPS = '(OPS|CHG)-[0-9]+';

describe('What the comment of a decision must say', () => {
  const rows: [name: string, required: RequiredReasons | undefined, comment: string | undefined, code: string | undefined][] = [
    ['is nothing if nothing is required', undefined, undefined, undefined],
    ['is anything where a comment is required', { comment: true }, 'fine', undefined],
    ['is not left out', { comment: true }, undefined, 'CommentRequired'],
    ['is not empty', { comment: true }, '  \n', 'CommentRequired'],
    ['is a ticket', { tickets: [OPS] }, 'OPS-12', undefined],
    ['is a ticket among words', { tickets: [OPS] }, 'as in CHG-7: the pods hang', undefined],
    ['is a ticket in brackets', { tickets: [OPS] }, 'fine (OPS-12).', undefined],
    ['is a ticket by an expression with anchors', { tickets: ['^OPS-[0-9]+$'] }, 'see OPS-12, please', undefined],
    ['is a ticket by its punctuation', { tickets: ['#[0-9]+!'] }, 'fixes #12!', undefined],
    ['is not without a ticket', { tickets: [OPS] }, 'fine', 'TicketRequired'],
    ['is not left out where a ticket is required', { tickets: [OPS] }, undefined, 'TicketRequired'],
    ['is no part of a word', { tickets: ['OPS-1'] }, 'OPS-12 XOPS-1', 'TicketRequired'],
    ['is not in another case', { tickets: [OPS] }, 'ops-12', 'TicketRequired'],
    ['is a ticket for each expression', { tickets: [OPS, 'PAY-[0-9]+'] }, 'OPS-12', 'TicketRequired'],
    ['is one ticket for two expressions', { tickets: ['.*-12', 'OPS-.*'] }, 'OPS-12', undefined],
    ['is two tickets in any order', { tickets: [OPS, 'PAY-[0-9]+'] }, 'PAY-1 OPS-12', undefined],
  ];
  for (const [name, required, comment, code] of rows) it(name, () => assert.equal(reasonFault(required, comment)?.code, code));

  it('is told with the pattern', () =>
    assert.equal(
      reasonFault({ tickets: [OPS] }, 'fine')?.message,
      "the comment names no ticket that matches '(OPS|CHG)-[0-9]+'",
    ));

  it('is found again: the tickets that were required', () =>
    assert.deepEqual(ticketsIn({ tickets: [OPS, 'PAY-[0-9]+', '.*-12'] }, 'OPS-12: see PAY-3.'), ['OPS-12', 'PAY-3']));
});

describe('What policies require', () => {
  const all: [string, object][] = [
    ['{}', {}],
    ['a comment', { comment: true }],
    ['no comment', { comment: false }],
    ['a ticket', { ticket: OPS }],
    ['another ticket', { ticket: 'PAY-[0-9]+' }],
  ];
  const comments = [undefined, 'fine', 'OPS-1', 'PAY-1', 'OPS-1 PAY-1'];
  for (const decision of ['approvals', 'rejections'] as ReasonedDecision[])
    for (const [first, a] of all)
      for (const [second, b] of all)
        it(`of ${decision} is never less with one policy more: ${first}, and ${second}`, () => {
          const [one, two] = [floor({ [decision]: a }), local({ [decision]: b })];
          for (const comment of comments) {
            const refuses = (...policies: ReturnType<typeof policy>[]) =>
              judgeReason(aPolicySet(policies), decision, comment).length > 0;
            const both = refuses(one, two);
            assert.equal(both, refuses(one) || refuses(two));
            assert.equal(both, refuses(two, one));
            assert.equal(both, reasonFault(requiredReasons(aPolicySet([one, two]), decision), comment) !== undefined);
          }
        });

  it('names the policy, the rule and the code', () =>
    assert.deepEqual(
      judgeReason(aPolicySet([floor({ approvals: { ticket: OPS } }), local({ approvals: { comment: true } })]), 'approvals', ''),
      [
        {
          code: 'TicketRequired',
          message: `the comment names no ticket that matches '${OPS}'`,
          policy: 'ClusterAgentPolicy/floor',
          rule: 'reasons.approvals.ticket',
        },
        {
          code: 'CommentRequired',
          message: 'the decision has no comment',
          policy: 'AgentPolicy/shop',
          rule: 'reasons.approvals.comment',
        },
      ],
    ));

  it('of rejections is no ticket in a namespace, whose admin could so prevent every rejection', () => {
    const rejections = { ticket: 'nobody-can-[0-9]{64}-match-this' };
    const never = { ...local({}), spec: { ...local({}).spec, reasons: { rejections } } as never };
    assert.deepEqual(judgeReason(aPolicySet([never]), 'rejections', 'no'), []);
    assert.deepEqual(local({ rejections }).spec?.reasons?.rejections, {});
  });

  const faulty = ['a(', '.*', `(a{100}){100}`];
  for (const ticket of faulty)
    it(`is no pattern such as ${ticket}: the policy is invalid`, () => {
      assert.match(floor({ approvals: { ticket } }).faults.join(), /`reasons\.approvals\.ticket`: /);
      assert.match(floor({ rejections: { ticket } }).faults.join(), /`reasons\.rejections\.ticket`: /);
    });
});

describe('A plan', () => {
  const set = aPolicySet([floor({ approvals: { ticket: OPS } }), local({ approvals: { comment: true } })]);

  it('says what approvals must say', () =>
    assert.deepEqual(judgePlan(set, 'shop', [], 'Low').requirements.reasons, { comment: true, tickets: [OPS] }));

  it('keeps what was required when it was made, and takes on what came since', () => {
    const then = { approvals: 1, groups: undefined, expiresAfter: '1h', reasons: { tickets: ['PAY-[0-9]+'] } };
    const now = judgePlan(set, 'shop', [], 'Low').requirements;
    const both = { comment: true, tickets: [OPS, 'PAY-[0-9]+'] };
    assert.deepEqual(strictest(then, now).reasons, both);
    assert.deepEqual(strictest(now, then).reasons, both);
    assert.deepEqual(strictest({ ...then, reasons: undefined }, { ...then, reasons: undefined }).reasons, undefined);
  });

  it('is not approved without it, and is rejected nevertheless', () => {
    const requirements = { approvals: 1, groups: undefined, expiresAfter: '1h', reasons: { tickets: [OPS] } };
    const told = (comment: string | undefined, decision: 'approve' | 'reject' = 'approve') =>
      tallyDecisions(facts(line({ decision, ...(comment === undefined ? {} : { comment }) }), { requirements }));
    assert.equal(told('OPS-1').approvals, 1);
    for (const comment of [undefined, 'fine']) {
      assert.equal(told(comment).approvals, 0);
      assert.equal(
        told(comment).judged[0]?.why,
        `policy asks for a reason: the comment names no ticket that matches '${OPS}'. Approve again with one.`,
      );
      assert.equal(told(comment, 'reject').rejectedBy?.user, 'ada');
    }
  });
});
