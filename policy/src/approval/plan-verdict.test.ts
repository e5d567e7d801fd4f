import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { annotations, ClusterAgentPolicySpec, type Playbook } from '@sentinel/crds';
import type { PolicySet } from '../policyset/policy-set.ts';
import { aScaling as effect } from '../testing/effect.fixture.ts';
import { aPolicySet, clusterPolicy } from '../testing/policies.fixture.ts';
import { approvalLine } from './approval-line.ts';
import { allowedLag, approversFault, jobSeconds, judgePlan, type Requirements, requiresSink, strictest } from './requirements.ts';
import { authorsOf, isTrust, trustOf, WITHDRAW } from './trust.ts';

type Policy = PolicySet['policies'][number];

const patch = { apiGroups: ['apps'], resources: ['deployments'], verbs: ['patch', 'delete'], decision: 'Allow' };
const approvals = [{ upToRisk: 'High' }];
const policy = (more: object = {}, of: Partial<Policy> = {}): Policy => ({
  ...clusterPolicy({ kubernetes: [patch], ...more }),
  ...of,
});
const set = (...policies: Policy[]) => aPolicySet(policies);
/** One that cannot be read: it refuses everything elsewhere, and no question about its fields may fail. */
const unreadable = { ...policy({}, { kind: 'AgentPolicy', name: 'broken' }), spec: undefined } as unknown as Policy;
const refusalsOf = (of: PolicySet, effects = [effect()]) => judgePlan(of, 'shop', effects, 'High').refusals;

describe('The refusals of a plan', () => {
  const none = {
    policy: 'Sentinel',
    rule: 'approvals',
    code: 'ApprovalRuleMissing' as const,
    message: 'no ClusterAgentPolicy says who may approve',
  };

  it('are complete if no policy says who may approve, and one policy of the cluster that does is enough', () => {
    assert.deepEqual(refusalsOf(set(policy())), [none]);
    assert.deepEqual(refusalsOf(set(policy(), policy({ approvals }, { name: 'second' }))), []);
    assert.deepEqual(refusalsOf(set(policy(), policy({ approvals }, { kind: 'AgentPolicy' }))), [none]);
  });

  it('are whole where no entry covers the risk', () =>
    assert.deepEqual(refusalsOf(set(policy({ approvals: [{ upToRisk: 'Low' }] }))), [
      {
        policy: 'ClusterAgentPolicy/floor',
        rule: 'approvals',
        code: 'RiskNotCovered' as const,
        message: "no entry of `approvals` covers the risk 'High'",
      },
    ]));

  it('count the objects, and the limit is still allowed', () => {
    const limited = set(policy({ approvals, limits: { objects: 2 } }));
    assert.deepEqual(refusalsOf(limited, [effect(), effect()]), []);
    assert.deepEqual(refusalsOf(limited, [effect(), effect(), effect()]), [
      {
        policy: 'ClusterAgentPolicy/floor',
        rule: 'limits.objects',
        code: 'ObjectLimitExceeded' as const,
        message: 'the plan changes 3 objects; at most 2 are allowed',
      },
    ]);
  });

  it('are whole where the lists of groups have nothing in common, also those of the floor', () => {
    const fault = {
      policy: 'Sentinel',
      rule: 'approvals.groups',
      code: 'ApproverGroupsDisjoint' as const,
      message: 'nobody could approve: the ClusterAgentPolicies have no common group in `identity.approverGroups`',
    };
    const floors = (...groups: string[]) =>
      set(...groups.map((group, index) => policy({ approvals, identity: { approverGroups: [group] } }, { name: `f${index}` })));
    assert.deepEqual(refusalsOf(floors('a', 'b')), [fault]);
    assert.deepEqual(refusalsOf(floors('a', 'a')), []);
  });

  it('are those of the policies, of rules about high risk, and of what goes along with a deletion as well', () => {
    const refusal = {
      code: 'ImageNotAllowed' as const,
      policy: 'AgentPolicy/x',
      rule: 'r',
      message: 'cannot be read',
    };
    const strict = policy({
      approvals,
      kubernetes: [patch, { apiGroups: [''], resources: ['pods'], verbs: ['delete'], decision: 'Deny' }],
      highRisk: [{ apiGroups: ['apps'], resources: ['deployments'], verbs: ['patch'], refuse: true }],
    });
    const deletion = effect({
      verb: 'delete',
      deletion: {
        propagation: 'Background',
        dependants: [{ apiGroup: '', resource: 'pods', count: 1, names: ['web-1'] }],
      } as never,
    });
    const messages = refusalsOf({ ...set(strict), refusals: [refusal] }, [effect(), deletion]).map(({ message }) => message);
    // What a policy cannot say is said of the whole and of each request.
    assert.deepEqual(messages, [
      'cannot be read',
      "patch deployments 'web' is refused outright",
      'cannot be read',
      'cannot be read',
      "delete pods in namespace 'shop' is denied: the rule denies it; it would be deleted with deployments 'web', which owns it",
    ]);
    const harmless = effect({
      verb: 'delete',
      deletion: {
        propagation: 'Background',
        dependants: [{ apiGroup: '', resource: 'services', count: 1, names: ['web'] }],
      } as never,
    });
    assert.deepEqual(refusalsOf(set(policy({ approvals })), [harmless]), []);
  });
});

describe('What a plan needs by all policies together', () => {
  it('is one approval within four hours where no policy says more', () =>
    assert.deepEqual(judgePlan(set(policy(), unreadable), 'shop', [], 'Low').requirements, {
      approvals: 1,
      groups: undefined,
      expiresAfter: '4h',
    }));

  it('is also what the floor says of approvers, in a policy that has lines and in one that has none', () => {
    const identity = { approverGroups: ['admins', 'sre'], refuseGroups: ['interns'] };
    const other = policy({ identity: { approverGroups: ['sre'], refuseGroups: ['bots', 'interns'] } }, { name: 'identities' });
    const { requirements } = judgePlan(set(policy({ approvals, identity }), other, unreadable), 'shop', [effect()], 'High');
    assert.deepEqual(
      { ...requirements },
      { approvals: 1, groups: undefined, expiresAfter: '4h', approverGroups: ['sre'], refuseGroups: ['bots', 'interns'] },
    );
  });

  it('is nothing more if a policy names approvers and none has lines', () =>
    assert.deepEqual(judgePlan(set(policy({ identity: { approverGroups: ['sre'] } })), 'shop', [], 'Low').requirements, {
      approvals: 1,
      groups: undefined,
      expiresAfter: '4h',
    }));

  it('is that nobody is needed only where both say so', () => {
    const auto: Requirements = { approvals: 0, autoReview: true, groups: undefined, expiresAfter: '1h' };
    const person: Requirements = { approvals: 0, groups: undefined, expiresAfter: '1h' };
    assert.equal(strictest(auto, auto).autoReview, true);
    for (const both of [strictest(auto, person), strictest(person, auto)]) assert.equal('autoReview' in both, false);
    assert.deepEqual(Object.keys(strictest(person, person)), ['approvals', 'groups', 'expiresAfter']);
    assert.equal(strictest(undefined, auto), auto);
  });
});

describe('Who can approve at all', () => {
  const base: Requirements = { approvals: 1, groups: undefined, expiresAfter: '1h' };
  const refusing = (more: Partial<Requirements>) => approversFault({ ...base, ...more });

  it('does not matter only where policy says that nobody is needed and none is asked for', () => {
    assert.equal(refusing({ approvals: 0, autoReview: true, groups: [] }), undefined);
    assert.match(refusing({ approvals: 1, autoReview: true, groups: [] }) ?? '', /no common group in `approvals\[\]\.groups`/);
    assert.match(refusing({ approvals: 0, groups: [] }) ?? '', /no common group in `approvals\[\]\.groups`/);
  });

  it('is nobody where each of the groups is refused, also those of the floor', () => {
    const all = 'each group that may approve (a, b) is in `spec.identity.refuseGroups` of a ClusterAgentPolicy';
    assert.equal(refusing({ groups: ['a', 'b'], refuseGroups: ['b', 'a'] }), all);
    assert.equal(refusing({ approverGroups: ['a', 'b'], refuseGroups: ['b', 'a'] }), all);
    assert.equal(refusing({ groups: ['Stryker was here'] }), undefined);
  });

  it('depends on the line: whether nobody is needed is left out where the line does not say', () => {
    const lines = ClusterAgentPolicySpec.parse({ approvals }).approvals ?? [];
    const silent = lines.map(({ autoReview: _, ...line }) => line) as typeof lines;
    assert.equal('autoReview' in (approvalLine(silent, 'Low') ?? {}), false);
  });
});

describe('Limits of several policies', () => {
  it('are the shortest time of a Job, a quarter of an hour where none says less', () => {
    assert.equal(jobSeconds(set(unreadable, policy())), 900);
    assert.equal(jobSeconds(set(unreadable, policy({ limits: { objects: 1 } }), policy({ limits: { duration: '5m' } }))), 300);
  });

  it('are the shortest lag of those that ask for a sink, and none where one of them names no lag', () => {
    const audit = (more: object) => policy({ audit: more });
    assert.equal(allowedLag(set(unreadable, policy())), 0);
    assert.equal(allowedLag(set(audit({ requireSink: true, maxLag: '5m' }), audit({ requireSink: true, maxLag: '90s' }))), 90);
    assert.equal(allowedLag(set(audit({ requireSink: true, maxLag: '5m' }), audit({ requireSink: false, maxLag: '1s' }))), 300);
    assert.equal(allowedLag(set(audit({ requireSink: true }), audit({ requireSink: true, maxLag: '5m' }))), 0);
    assert.equal(requiresSink(set(unreadable, policy())), false);
    assert.equal(requiresSink(set(unreadable, audit({ requireSink: true }))), true);
  });
});

describe('Trust in a Playbook without annotations', () => {
  const bare = {
    apiVersion: 'sentinel.dev/v1alpha1',
    kind: 'Playbook',
    metadata: { name: 'fix' },
    spec: {},
  } as unknown as Playbook;

  it('does not exist, and its author is unknown', () => {
    assert.deepEqual(trustOf(bare, new Map(), {}), { trusted: false, why: 'nobody has sealed its digest' });
    assert.equal(authorsOf(bare), undefined);
  });

  it('is told apart from its withdrawal by how the annotation begins', () => {
    assert.deepEqual(
      [undefined, '', '{"withdrawal":"uid"}', '{"playbook":"uid"}', '{"playbook":"{\\"withdrawal\\":\\""}'].map(isTrust),
      [false, false, false, true, true],
    );
    assert.equal(isTrust('{"a":{"withdrawal":"'), true);
    assert.equal(WITHDRAW, 'withdraw:');
    assert.equal(annotations.trust, 'sentinel.dev/trust');
  });
});
