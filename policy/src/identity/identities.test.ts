import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clusterPolicies } from '../testing/policies.fixture.ts';
import { approverClaimFault, approverClaims, judgeAgent, judgeOnBehalfOf } from './identities.ts';

const set = (...identities: object[]) => clusterPolicies(...identities.map((identity) => ({ identity })));
const agent = { user: 'bot', groups: ['agents', 'night'] };
const issuer = { name: 'example.com/issuer', values: ['https://a.io', 'https://b.io'] };

describe('The requester of an action', () => {
  const rows: readonly [
    name: string,
    identity: object,
    claims: Record<string, string[]> | undefined,
    rule: string | undefined,
  ][] = [
    ['may be anyone where no policy says', {}, {}, undefined],
    ['is in a group that is accepted', { agents: { groups: ['agents', 'x'] } }, {}, undefined],
    ['is in none of them', { agents: { groups: ['x'] } }, {}, 'identity.agents.groups'],
    [
      'is in one that is refused',
      { agents: { groups: ['agents'], refuseGroups: ['night'] } },
      {},
      'identity.agents.refuseGroups',
    ],
    ['carries a claim', { agents: { claims: [issuer] } }, { 'example.com/issuer': ['https://b.io'] }, undefined],
    [
      'carries another value of it',
      { agents: { claims: [issuer] } },
      { 'example.com/issuer': ['https://c.io'] },
      'identity.agents.claims',
    ],
    ['carries none', { agents: { claims: [issuer] } }, {}, 'identity.agents.claims'],
    ['carries any value where none is named', { agents: { claims: [{ name: 'a' }] } }, { a: ['x'] }, undefined],
    ['carries a claim without a value', { agents: { claims: [{ name: 'a' }] } }, { a: [] }, 'identity.agents.claims'],
    ['was judged by its claims where they were seen', { agents: { claims: [issuer] } }, undefined, undefined],
  ];
  for (const [name, identity, claims, rule] of rows)
    it(name, () =>
      assert.deepEqual(
        judgeAgent(set(identity), agent, claims).map((one) => one.rule),
        rule === undefined ? [] : [rule],
      ),
    );
});

describe('An action', () => {
  const required = { agents: { requireOnBehalfOf: true } };
  const rules = (...args: Parameters<typeof judgeOnBehalfOf>) => judgeOnBehalfOf(...args).map(({ rule }) => rule);
  it('names the person who prompted it where a policy asks for that, and only there', () => {
    assert.deepEqual(rules(set(required), {}), ['identity.agents.requireOnBehalfOf']);
    assert.deepEqual(rules(set(required), { onBehalfOf: { user: 'ada' } }), []);
    assert.deepEqual(rules(set({}, { agents: { requireOnBehalfOf: false } }), {}), []);
  });
});

describe('An approver', () => {
  it('carries what every policy asks for', () => {
    const both = set({ approverClaims: [issuer] }, { approverClaims: [{ name: 'mfa', values: ['true'] }] });
    const right = { 'example.com/issuer': ['https://a.io'], mfa: ['true'] };
    assert.equal(approverClaimFault(both, right), undefined);
    assert.match(
      approverClaimFault(both, { ...right, mfa: ['false'] }) ?? '',
      /ClusterAgentPolicy\/p1: .*'mfa' must be one of true/,
    );
    assert.match(
      approverClaimFault(both, { mfa: ['true'] }) ?? '',
      /ClusterAgentPolicy\/p0: .*'example\.com\/issuer' must be one of/,
    );
    assert.match(approverClaimFault(set({ approverClaims: [{ name: 'mfa' }] }), {}) ?? '', /the claim 'mfa' is missing/);
    assert.equal(approverClaimFault(set({}), {}), undefined);
  });

  it('has those claims recorded that a policy asks for, and no others', () => {
    const both = set({ approverClaims: [{ name: 'mfa' }, { name: 'b' }] }, { approverClaims: [{ name: 'a' }, { name: 'mfa' }] });
    const claims = { session: ['secret'], mfa: ['true'], b: [], a: ['x', 'y'] };
    assert.equal(JSON.stringify(approverClaims(both, claims)), '{"a":["x","y"],"mfa":["true"]}');
    assert.deepEqual(approverClaims(set({}), claims), {});
  });
});
