import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Effect } from '@sentinel/crds';
import type { PolicySet } from '../policyset/policy-set.ts';
import { aScaling } from '../testing/effect.fixture.ts';
import { agentPolicy, clusterPolicies } from '../testing/policies.fixture.ts';
import { atMost, higher, seconds, shorter, stricter } from '../verdict/order.ts';
import { approversFault, jobSeconds, judgePlan, type Requirements, requiresSink, strictest } from './requirements.ts';

const kubernetes = [{ apiGroups: ['apps'], resources: ['deployments'], verbs: ['patch'], decision: 'Allow' }];
const set = (...specs: object[]) => clusterPolicies(...specs.map((spec) => ({ kubernetes, ...spec })));
const effect = aScaling();
const approvals = (...lines: object[]) => ({ approvals: lines });
const local = (spec: object) => agentPolicy({ kubernetes, ...spec }, 'local');

describe('What a plan needs', () => {
  const rows: Record<string, { set: PolicySet; risk: 'Low' | 'Medium' | 'High' | 'Critical'; needs: Requirements }> = {
    'is what the first line says that covers its risk': {
      set: set(approvals({ upToRisk: 'Low' }, { upToRisk: 'High', approvals: 2 }, { upToRisk: 'Critical', approvals: 5 })),
      risk: 'Medium',
      needs: { approvals: 2, groups: undefined, expiresAfter: '4h' },
    },
    'is the most approvals and the soonest expiry of all policies': {
      set: set(
        approvals({ upToRisk: 'High', approvals: 3, expiresAfter: '2h' }),
        approvals({ upToRisk: 'High', approvals: 1, expiresAfter: '90m' }),
      ),
      risk: 'High',
      needs: { approvals: 3, groups: undefined, expiresAfter: '90m' },
    },
    'is the groups that all policies name': {
      set: set(
        approvals({ upToRisk: 'High', groups: ['a', 'b'] }),
        approvals({ upToRisk: 'High' }),
        approvals({ upToRisk: 'High', groups: ['b', 'c'] }),
      ),
      risk: 'Low',
      needs: { approvals: 1, groups: ['b'], expiresAfter: '4h' },
    },
  };
  for (const [name, { set: policies, risk, needs }] of Object.entries(rows)) {
    it(name, () => assert.deepEqual(judgePlan(policies, 'shop', [effect], risk), { requirements: needs, refusals: [] }));
  }

  const refused: Record<string, { set: PolicySet; effects?: Effect[]; message: string }> = {
    'no policy says who may approve': { set: set({}), message: 'no ClusterAgentPolicy says who may approve' },
    'only the policy of a namespace says who may approve': {
      set: { ...set({}, {}), policies: [...set({}).policies, { ...local(approvals({ upToRisk: 'High' })) }] },
      message: 'no ClusterAgentPolicy says who may approve',
    },
    'no entry covers the risk': {
      set: set(approvals({ upToRisk: 'Medium' })),
      message: "no entry of `approvals` covers the risk 'High'",
    },
    'one of two policies has no line for the risk': {
      set: set(approvals({ upToRisk: 'Critical' }), approvals({ upToRisk: 'Medium' })),
      message: "no entry of `approvals` covers the risk 'High'",
    },
    'the policies have no group in common': {
      set: set(approvals({ upToRisk: 'High', groups: ['a'] }), approvals({ upToRisk: 'High', groups: ['b'] })),
      message: 'nobody could approve: the policies have no common group in `approvals[].groups`',
    },
    'it changes more objects than a policy allows': {
      set: set({ ...approvals({ upToRisk: 'High' }), limits: { objects: 1 } }),
      effects: [effect, effect],
      message: 'the plan changes 2 objects; at most 1 are allowed',
    },
    'one of its effects is denied': {
      set: set(approvals({ upToRisk: 'High' })),
      effects: [effect, { ...effect, verb: 'delete' }],
      message: "delete deployments.apps in namespace 'shop' is denied: no rule allows it",
    },
    'one of its effects is never allowed': {
      set: set(approvals({ upToRisk: 'High' })),
      effects: [{ ...effect, apiGroup: '', resource: 'secrets' }],
      message: 'patch secrets is refused: Secrets may not be touched from a sandbox',
    },
  };
  for (const [name, { set: policies, effects, message }] of Object.entries(refused)) {
    it(`is refused when ${name}`, () => {
      const { refusals } = judgePlan(policies, 'shop', effects ?? [effect], 'High');
      assert.deepEqual(
        refusals.map((one) => one.message),
        [message],
      );
    });
  }

  it('never gets looser with one more, in any order', () => {
    const all: Requirements[] = [
      { approvals: 1, groups: undefined, expiresAfter: '4h' },
      { approvals: 2, groups: ['a', 'b'], expiresAfter: '30m' },
      { approvals: 1, groups: ['b', 'c'], expiresAfter: '1d' },
      { approvals: 4, groups: [], expiresAfter: '90s' },
    ];
    for (const a of all)
      for (const b of all) {
        const both = strictest(a, b);
        assert.deepEqual(strictest(b, a), both);
        assert.ok(both.approvals >= a.approvals && seconds(both.expiresAfter) <= seconds(a.expiresAfter));
        if (a.groups) assert.ok(both.groups?.every((group) => a.groups?.includes(group)));
      }
  });
});

describe('Whether somebody can approve at all', () => {
  const base: Requirements = { approvals: 1, groups: undefined, expiresAfter: '1h' };
  const rows: readonly [what: string, requirements: Requirements, fault: RegExp | undefined][] = [
    ['everyone with the verb', base, undefined],
    ['a group', { ...base, groups: ['a'] }, undefined],
    ['no group', { ...base, groups: [] }, /the policies have no common group in `approvals/],
    ['no group of approvers', { ...base, approverGroups: [] }, /the ClusterAgentPolicies have no common group/],
    [
      'a group that is refused',
      { ...base, groups: ['a'], refuseGroups: ['a', 'b'] },
      /each group that may approve \(a\) is in `spec\.identity\.refuseGroups`/,
    ],
    ['a group that is refused, and another', { ...base, groups: ['a', 'c'], refuseGroups: ['a'] }, undefined],
    ['nobody, because nobody is needed', { ...base, approvals: 0, autoReview: true, groups: [] }, undefined],
  ];
  for (const [what, requirements, fault] of rows)
    it(`by ${what}: ${fault ? 'nobody' : 'yes'}`, () => {
      if (fault) assert.match(approversFault(requirements) ?? '', fault);
      else assert.equal(approversFault(requirements), undefined);
    });
});

describe('Limits', () => {
  it('are the shortest duration, at most a quarter of an hour', () => {
    const durations = (...list: string[]) => jobSeconds(set(...list.map((duration) => ({ limits: { duration } }))));
    assert.deepEqual([durations(), durations('2h'), durations('5m', '90s', '10m')], [900, 900, 90]);
  });

  it('name no approver if the only policy of the cluster cannot be read', () => {
    const broken: PolicySet = {
      ...set(),
      policies: [{ kind: 'ClusterAgentPolicy', name: 'broken', digest: '', spec: undefined }],
    };
    const messages = judgePlan(broken, 'shop', [effect], 'Low').refusals.map(({ message }) => message);
    assert.ok(messages.includes('no ClusterAgentPolicy says who may approve'), messages.join());
  });

  it('want a sink when one policy does', () => {
    assert.deepEqual([requiresSink(set({}, {})), requiresSink(set({}, { audit: { requireSink: true } }))], [false, true]);
  });

  const durations: Record<string, number> = { '30s': 30, '15m': 900, '4h': 14_400, '90d': 7_776_000 };
  for (const [text, expected] of Object.entries(durations)) it(`read ${text}`, () => assert.equal(seconds(text), expected));
  for (const text of ['', '0s', '05m', '1.5h', '-1s', '1w', 's', '1s ', '1s\n'])
    it(`do not read ${JSON.stringify(text)}`, () => assert.throws(() => seconds(text)));

  it('compare durations by their length, decisions and risks by their order', () => {
    assert.deepEqual([shorter('90m', '1h'), shorter('1h', '3600s')], ['1h', '1h']);
    assert.deepEqual([stricter('Allow', 'Deny'), stricter('RequireApproval', 'Allow')], ['Deny', 'RequireApproval']);
    assert.deepEqual([higher('Low', 'High'), higher('Critical', 'Medium')], ['High', 'Critical']);
    assert.deepEqual([atMost('High', 'High'), atMost('Critical', 'High')], [true, false]);
  });
});
