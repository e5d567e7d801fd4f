import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DeciderRights } from '../identity/separation.ts';
import { at, tallyFacts as facts, sealed as line, NOW, plan, stranger } from './sealed.fixture.ts';
import { isApproved, parseDecisions, type TallyFacts, tallyDecisions, uselessBecause } from './tally.ts';

const agents: TallyFacts['agents'] = [
  { policy: 'AgentPolicy/shop', namespace: 'shop', kind: 'User', name: 'ada', subjectNamespace: undefined },
];

describe('A sealed decision', () => {
  const ok = line();
  const refused: Record<string, { text: string; more?: Partial<TallyFacts>; why: RegExp }> = {
    'under a key that is not published': { text: line().replace('"key":"k1"', '"key":"k2"'), why: /not known/ },
    'sealed by somebody else': { text: line({}, stranger.privateKey), why: /does not verify/ },
    'with another user than was sealed': { text: ok.replace('"user":"ada"', '"user":"eve"'), why: /does not verify/ },
    'with a later expiry than was sealed': {
      text: ok.replace('"time"', '"expires":"2030-01-01T00:00:00Z","time"'),
      why: /does not verify/,
    },
    'for another action': { text: line({ action: 'uid-2' }), why: /another action/ },
    'for another plan': { text: line({ plan: `sha256:${'2'.repeat(64)}` }), why: /another plan/ },
    'of a service account': { text: line({ user: 'system:serviceaccount:shop:robot' }), why: /programs/ },
    'of the scheduler': { text: line({ user: 'system:kube-scheduler' }), why: /programs/ },
    'of somebody anonymous': { text: line({ user: 'system:anonymous', groups: ['system:unauthenticated'] }), why: /programs/ },
    'of an agent': { text: ok, more: { agents }, why: /it is from an agent: AgentPolicy\/shop names it in `subjects`/ },
    'of who asked, under another name': {
      text: line({ user: 'ada@old' }),
      more: { requester: { user: 'agent', uid: '7', groups: [] } },
      why: /the requester cannot approve/,
    },
    'of who edited, under another name': {
      text: line({ user: 'ada@old' }),
      more: { editors: [{ user: 'x', uid: '7', groups: [] }] },
      why: /an editor of the action cannot/,
    },
    'of the person for whom the agent acts': { text: ok, more: { onBehalfOf: 'ada' }, why: /the person for whom the agent acts/ },
    'of who asked': { text: line({ user: 'agent' }), why: /the requester cannot approve/ },
    'of who edited': { text: ok, more: { editors: [{ user: 'ada', groups: [] }] }, why: /an editor of the action cannot/ },
    'of somebody outside of the groups': {
      text: ok,
      more: { requirements: { approvals: 1, groups: ['dba'], expiresAfter: '1h' } },
      why: /none of the groups dba/,
    },
    'that has expired by what policy says now': {
      text: ok,
      more: { requirements: { approvals: 1, groups: undefined, expiresAfter: '5m' } },
      why: /expired/,
    },
    'that has expired by its own word': { text: line({ expires: at(-1) }), why: /expired/ },
    'without the claims that policy requires now': {
      text: line({ extra: { amr: ['pwd'] } }),
      more: { claimFault: ({ amr }) => (amr?.includes('mfa') ? undefined : "the claim 'amr' must be one of mfa") },
      why: /policy does not accept the identity that approved \(the claim 'amr' must be one of mfa\): approve again/,
    },
    'from the future': { text: line({ time: at(10) }), why: /future/ },
  };
  for (const [name, { text, more, why }] of Object.entries(refused)) {
    it(`does not count ${name}`, () => {
      const tally = tallyDecisions(facts(text, more));
      assert.equal(tally.approvals, 0);
      assert.match(tally.judged[0]?.why ?? '', why);
      assert.equal(isApproved(tally, facts(undefined).requirements), false);
    });
  }

  it('counts as it is meant', () => {
    const tally = tallyDecisions(facts(ok));
    assert.equal(tally.approvals, 1);
    assert.equal(isApproved(tally, facts(undefined).requirements), true);
    assert.equal(tally.goodUntil, NOW + 50 * 60_000);
  });

  it('counts with the claims that policy requires now, and a rejection counts without them', () => {
    const claimFault: TallyFacts['claimFault'] = ({ amr }) => (amr?.includes('mfa') ? undefined : 'no');
    assert.equal(tallyDecisions(facts(line({ extra: { amr: ['mfa'] } }), { claimFault })).approvals, 1);
    assert.equal(tallyDecisions(facts(line({ decision: 'reject' }), { claimFault })).rejectedBy?.user, 'ada');
  });

  it('counts once for each person, and not at all after it is revoked', () => {
    const two = { approvals: 2, groups: undefined, expiresAfter: '1h' };
    const twice = tallyDecisions(facts(`${ok}\n${line({ time: at(-5) })}`, { requirements: two }));
    assert.equal(isApproved(twice, two), false);
    const both = tallyDecisions(facts(`${ok}\n${line({ user: 'bea', uid: '8' })}`, { requirements: two }));
    assert.equal(isApproved(both, two), true);
    const revoked = tallyDecisions(facts(`${ok}\n${line({ decision: 'revoke', time: at(-1) })}`));
    assert.equal(revoked.approvals, 0);
  });

  it('is shown as one that does not count once it was revoked, or given again under another name', () => {
    const shown = (...lines: string[]) => tallyDecisions(facts(lines.join('\n'))).judged.map(({ counts, why }) => why ?? counts);
    const revoked = line({ decision: 'revoke', time: at(-1) });
    assert.deepEqual(shown(ok, revoked), ['it was revoked', true]);
    assert.deepEqual(shown(ok, line({ user: 'ada@new', time: at(-1) })), ['one person counts once', true]);
    assert.deepEqual(shown(ok, revoked, line({ time: at(0) })), ['it was revoked', true, true]);
    // What was revoked before it says nothing of an approval.
    assert.deepEqual(shown(revoked, ok, line({ time: at(0) })), [true, 'one person counts once', true]);
    // It is not said that somebody was not asked about rights which nobody needs any more.
    const { judged } = tallyDecisions(facts(`${ok}\n${revoked}`, { deciders: new Map() }));
    assert.deepEqual(
      judged.map(({ why }) => why),
      ['it was revoked', undefined],
    );
  });

  it('counts once for one uid under two names, also when a third record joins them', () => {
    const two = { approvals: 2, groups: undefined, expiresAfter: '1h' };
    const renamed = tallyDecisions(facts(`${ok}\n${line({ user: 'ada@new' })}`, { requirements: two }));
    assert.equal(renamed.approvals, 1);
    const joined = [line({ user: 'a', uid: '1' }), line({ user: 'b', uid: '2' }), line({ user: 'a', uid: '2' })];
    assert.equal(tallyDecisions(facts(joined.join('\n'), { requirements: two })).approvals, 1);
    const without = [line({ user: 'a', uid: '' }), line({ user: 'b', uid: '' })];
    assert.equal(tallyDecisions(facts(without.join('\n'), { requirements: two })).approvals, 2);
  });

  it('is revoked by the same person under another name', () => {
    const made = `${ok}\n${line({ user: 'ada@new', decision: 'revoke', time: at(-1) })}`;
    assert.equal(tallyDecisions(facts(made)).approvals, 0);
  });

  // Otherwise anyone who writes a policy could take a rejection away by naming its person in `subjects`.
  it('is a rejection or a revocation whatever its person has become since: only approvals can be lost', () => {
    const now: Partial<TallyFacts> = {
      agents,
      requester: { user: 'ada', uid: '7', groups: [] },
      editors: [{ user: 'ada', groups: [] }],
      onBehalfOf: 'ada',
      requirements: { approvals: 1, groups: ['dba'], expiresAfter: '1m', approverGroups: ['x'], refuseGroups: ['sre'] },
      deciders: new Map(),
      claimFault: () => 'no claims are accepted',
      notBefore: NOW,
    };
    for (const decision of ['reject', 'revoke'] as const)
      for (const plan of [undefined, `sha256:${'2'.repeat(64)}`]) {
        const { judged, rejectedBy } = tallyDecisions(facts(line({ decision, ...(plan ? { plan } : {}) }), now));
        assert.deepEqual([judged[0]?.counts, judged[0]?.why], [true, undefined]);
        assert.equal(rejectedBy?.user, decision === 'reject' ? 'ada' : undefined);
      }
    const revoked = tallyDecisions(facts(`${ok}\n${line({ decision: 'revoke', time: at(-1) })}`, { agents }));
    assert.equal(revoked.approvals, 0);
  });

  describe('at the start', () => {
    const exempt = line({ exemptBy: 'ClusterAgentPolicy/floor' });
    const rights = (text: string, found: DeciderRights | undefined): TallyFacts['deciders'] =>
      new Map(found ? [[(JSON.parse(text) as { seal: string }).seal, found]] : []);
    const actsAs = "act as 'agent' (impersonate users 'agent')";
    const rows: readonly [
      name: string,
      text: string,
      found: DeciderRights | undefined,
      by: string | undefined,
      why: RegExp | undefined,
    ][] = [
      ['counts while its person holds the verb', ok, { mayApprove: true, actsAs: undefined }, undefined, undefined],
      [
        'counts no more when its person lost the verb',
        ok,
        { mayApprove: false, actsAs: undefined },
        undefined,
        /'ada' does not hold the verb 'approve' on this action any more/,
      ],
      ['counts for nothing when nobody was asked about it', ok, undefined, undefined, /it was not checked/],
      [
        'counts no more when its person could act as who asked',
        ok,
        { mayApprove: true, actsAs },
        undefined,
        /'ada' can act as 'agent' .*same person/,
      ],
      [
        'counts with an exemption that was recorded and still holds',
        exempt,
        { mayApprove: true, actsAs },
        'ClusterAgentPolicy/floor',
        undefined,
      ],
      ['counts no more when the exemption was taken away', exempt, { mayApprove: true, actsAs }, undefined, /same person/],
      ['needs an exemption that was recorded', ok, { mayApprove: true, actsAs }, 'ClusterAgentPolicy/floor', /same person/],
    ];
    for (const [name, text, found, by, why] of rows)
      it(name, () => {
        const tally = tallyDecisions(facts(text, { deciders: rights(text, found), exemptBy: () => by }));
        assert.equal(tally.approvals, why ? 0 : 1);
        if (why) assert.match(tally.judged[0]?.why ?? '', why);
      });
  });

  describe('that would change nothing', () => {
    const lines = (...made: string[]) => tallyDecisions(facts(made.join('\n')));
    const revoked = line({ decision: 'revoke', time: at(-1) });
    const ada = { user: 'ada', uid: '7' };
    const rows: readonly [name: string, why: string | undefined, expected: RegExp | undefined][] = [
      ['is a second approval', uselessBecause('approve', ada, lines(ok), plan), /you have approved this plan already/],
      ['is a second approval under another name', uselessBecause('approve', { user: 'x', uid: '7' }, lines(ok), plan), /already/],
      ['is not the first', uselessBecause('approve', ada, lines(), plan), undefined],
      ['is not that of somebody else', uselessBecause('approve', { user: 'bea' }, lines(ok), plan), undefined],
      ['is not one after a revocation', uselessBecause('approve', ada, lines(ok, revoked), plan), undefined],
      ['is not one after the first expired', uselessBecause('approve', ada, lines(line({ expires: at(-1) })), plan), undefined],
      [
        'is a revocation by somebody who never approved',
        uselessBecause('revoke', { user: 'bea' }, lines(ok), plan),
        /you have not approved this plan/,
      ],
      [
        'is a second revocation',
        uselessBecause('revoke', ada, lines(ok, revoked), plan),
        /revoked your approval of this plan already/,
      ],
      ['is not a revocation of one’s own approval', uselessBecause('revoke', ada, lines(ok), plan), undefined],
      [
        'is a revocation of an approval of another plan',
        uselessBecause('revoke', ada, lines(line({ plan: 'x' })), plan),
        /not approved this plan/,
      ],
      ['is never a rejection', uselessBecause('reject', { user: 'bea' }, lines(ok), plan), undefined],
    ];
    for (const [name, why, expected] of rows)
      it(name, () => (expected ? assert.match(why ?? '', expected) : assert.equal(why, undefined)));
  });

  it('is final when it is a rejection, whatever comes after it', () => {
    const tally = tallyDecisions(facts(`${line({ user: 'bea', decision: 'reject' })}\n${ok}`));
    assert.equal(tally.rejectedBy?.user, 'bea');
    assert.equal(isApproved(tally, facts(undefined).requirements), false);
  });

  it('is final, and cannot be revoked by the person who made it', () => {
    const made = [line({ decision: 'reject' }), line({ decision: 'revoke', time: at(-2) }), line({ time: at(-1) })];
    assert.equal(tallyDecisions(facts(made.join('\n'))).rejectedBy?.user, 'ada');
  });

  const second = `sha256:${'2'.repeat(64)}`;
  it('binds every plan of its action when it is a no: a second plan of the same rehearsal is no way around it', () => {
    const rejected = tallyDecisions(facts(`${line({ plan: second, decision: 'reject' })}\n${line({ user: 'bea' })}`));
    assert.equal(rejected.rejectedBy?.user, 'ada');
    assert.equal(isApproved(rejected, facts(undefined).requirements), false);
    const revoked = tallyDecisions(facts(`${ok}\n${line({ plan: second, decision: 'revoke', time: at(-1) })}`));
    assert.equal(revoked.approvals, 0);
    const again = [line({ plan: second, decision: 'revoke', time: at(-5) }), line({ time: at(-1) })];
    assert.equal(tallyDecisions(facts(again.join('\n'))).approvals, 1);
  });

  it('may reject, no matter who asks: that only makes it safer', () => {
    const tally = tallyDecisions(facts(line({ user: 'agent', decision: 'reject' })));
    assert.equal(tally.rejectedBy?.user, 'agent');
  });

  it('rejects nothing when it is forged, or a program made it', () => {
    const forged = line({ decision: 'reject' }, stranger.privateKey);
    const program = line({ decision: 'reject', user: 'system:serviceaccount:shop:robot' });
    assert.equal(tallyDecisions(facts(`${forged}\n${program}`)).rejectedBy, undefined);
  });

  it('counts again after it was revoked and given again', () => {
    const made = [ok, line({ decision: 'revoke', time: at(-5) }), line({ time: at(-1) })];
    assert.equal(tallyDecisions(facts(made.join('\n'))).approvals, 1);
  });

  it('is good until the first of those that count expires', () => {
    const made = [
      line({ time: at(-30) }),
      line({ user: 'bea', uid: '8', time: at(-5) }),
      line({ user: 'cy', uid: '9', expires: at(3) }),
    ];
    assert.equal(tallyDecisions(facts(made.join('\n'))).goodUntil, NOW + 3 * 60_000);
  });

  it('is never enough when nothing is required: a mistake is no approval', () => {
    const none = { approvals: 0, groups: undefined, expiresAfter: '1h' };
    assert.equal(isApproved(tallyDecisions(facts(undefined, { requirements: none })), none), false);
  });

  it('has a time that can be read', () => {
    assert.equal(tallyDecisions(facts(line({ time: 'soon' }))).approvals, 0);
    assert.equal(tallyDecisions(facts(line({ expires: 'later' }))).approvals, 0);
  });

  it('is counted as unreadable when its line is not a record, beside those that are', () => {
    const { records, unreadable } = parseDecisions(['{', 'null', '[]', '{"user":"ada"}', ok, '', ` ${ok}`].join('\n'));
    assert.deepEqual([records.length, unreadable], [1, 5]);
  });

  it('is not read from a line that says one thing twice: a reader and the API server would see different records', () => {
    const doubled = ok.replace('"user":"ada"', '"user":"eve","user":"ada"');
    const { records, unreadable } = parseDecisions(doubled);
    assert.deepEqual([records.length, unreadable], [0, 1]);
  });

  it('begins with action, plan, user, uid, groups and claims: what the API server compares with the request', () => {
    assert.ok(
      ok.startsWith(`{"action":"uid-1","plan":"${plan}","user":"ada","uid":"7","groups":["sre"],"extra":{},"decision":"approve"`),
    );
  });
});
