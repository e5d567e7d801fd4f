import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AgentPolicy, AgentPolicySpec, ClusterAgentPolicy } from '@sentinel/crds';
import { type Identity, isProgram, isSubject, parseIdentities, parseIdentity } from '../identity/identity.ts';
import { judgeApiRequest } from '../rules/kubernetes.ts';
import { policySet } from './load.ts';

const agent: Identity = { user: 'system:serviceaccount:shop:agent', groups: ['system:serviceaccounts:shop'] };
const apiVersion = 'sentinel.dev/v1alpha1';
const local = (name: string, spec: unknown = {}, namespace = 'shop'): AgentPolicy => ({
  apiVersion,
  kind: 'AgentPolicy',
  metadata: { name, namespace },
  spec: spec as AgentPolicy['spec'],
});
const floor = (name: string, spec: unknown = {}): ClusterAgentPolicy => ({
  apiVersion,
  kind: 'ClusterAgentPolicy',
  metadata: { name },
  spec: spec as ClusterAgentPolicy['spec'],
});
/** What no schema would let in, and no reader looks at: more than 300 KB. */
const long = { prefix: ['kubectl'], notMatch: [], more: 'x'.repeat(330_000) };
const deleted = <T extends AgentPolicy | ClusterAgentPolicy>(policy: T): T => ({
  ...policy,
  metadata: { ...policy.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' },
});
const namespace = (labels: Record<string, string> | undefined = { 'sentinel.dev/enabled': 'true' }) => ({
  metadata: { name: 'shop', labels },
});

describe('A policy speaks', () => {
  type Subjects = AgentPolicySpec['subjects'];
  const rows: Record<string, { subjects: Subjects; who?: Identity; speaks: boolean }> = {
    'of everyone when it names nobody': { subjects: undefined, speaks: true },
    'of nobody when its list is empty': { subjects: [], speaks: false },
    'of a service account of its own namespace': { subjects: [{ kind: 'ServiceAccount', name: 'agent' }], speaks: true },
    'of a service account of another namespace by its name there': {
      subjects: [{ kind: 'ServiceAccount', name: 'agent', namespace: 'bank' }],
      speaks: false,
    },
    'of a group': { subjects: [{ kind: 'Group', name: 'system:serviceaccounts:shop' }], speaks: true },
    'of no user who is called like a group': {
      subjects: [{ kind: 'Group', name: 'sre' }],
      who: { user: 'sre', groups: [] },
      speaks: false,
    },
    'of a user by the whole name': { subjects: [{ kind: 'User', name: 'agent' }], speaks: false },
    'of no user who is called like the end of an account': {
      subjects: [{ kind: 'ServiceAccount', name: 'agent' }],
      who: { user: 'agent', groups: [] },
      speaks: false,
    },
  };
  for (const [name, { subjects, who, speaks }] of Object.entries(rows)) {
    it(name, () => assert.equal(isSubject(subjects, who ?? agent, 'shop'), speaks));
  }

  it('of no service account without a namespace when it is the floor', () => {
    assert.equal(isSubject([{ kind: 'ServiceAccount', name: 'agent' }], agent, undefined), false);
  });
});

describe('The policies of a namespace', () => {
  const rows: Record<
    string,
    { labels?: Record<string, string>; cluster?: ClusterAgentPolicy[]; own?: AgentPolicy[]; rules: string[] }
  > = {
    'refuse nothing when all parts are there': { rules: [] },
    'refuse without an opt-in': { labels: {}, rules: ['Sentinel opt-in'] },
    "refuse an opt-in that is not 'true'": { labels: { 'sentinel.dev/enabled': 'True' }, rules: ['Sentinel opt-in'] },
    'refuse without a floor': { cluster: [], rules: ['Sentinel floor'] },
    'refuse without a policy': { own: [], rules: ['Sentinel policy'] },
    'refuse with a policy of another namespace alone': { own: [local('p', {}, 'bank')], rules: ['Sentinel policy'] },
    'refuse with a policy for somebody else alone': {
      own: [local('p', { subjects: [{ kind: 'User', name: 'bea' }] })],
      rules: ['Sentinel policy'],
    },
    'name every part that is missing': {
      labels: {},
      cluster: [],
      own: [],
      rules: ['Sentinel opt-in', 'Sentinel floor', 'Sentinel policy'],
    },
    'refuse when the only policy has been deleted, and a finalizer keeps it': {
      own: [deleted(local('p'))],
      rules: ['Sentinel policy'],
    },
    'refuse when the only floor has been deleted, and a finalizer keeps it': {
      cluster: [deleted(floor('f'))],
      rules: ['Sentinel floor'],
    },
    'refuse when there are more than anybody can read': {
      own: Array.from({ length: 7 }, (_, index) => local(`p${index}`, { commands: [{ ...long, decision: 'Deny' }] })),
      rules: ['Sentinel policies'],
    },
    'go on with one that was deleted beside one that stays': { own: [local('p'), deleted(local('q'))], rules: [] },
    'refuse with one that cannot be read beside a good one': {
      own: [local('good'), local('bad', { modes: ['Everything'] })],
      rules: ['AgentPolicy/bad spec'],
    },
    'refuse with one that cannot be read, whomever it is about': {
      own: [local('good'), local('bad', { modes: ['Everything'], subjects: [{ kind: 'User', name: 'bea' }] })],
      rules: ['AgentPolicy/bad spec'],
    },
    'refuse with a floor that cannot be read': {
      cluster: [floor('good'), floor('bad', { approvals: 'none' })],
      rules: ['ClusterAgentPolicy/bad spec'],
    },
    'refuse with one that has no spec at all': {
      own: [local('good'), local('bad', null), { ...local('none'), spec: undefined as unknown as AgentPolicySpec }],
      rules: ['AgentPolicy/bad spec', 'AgentPolicy/none spec'],
    },
  };
  for (const [name, { labels, cluster, own, rules }] of Object.entries(rows)) {
    it(name, () => {
      const found = policySet(
        { namespace: namespace(labels), clusterPolicies: cluster ?? [floor('floor')], policies: own ?? [local('p')] },
        agent,
      );
      assert.deepEqual(
        found.refusals.map(({ policy, rule }) => `${policy} ${rule}`),
        rules,
      );
    });
  }

  it('are as strict while one that was deleted is still there', () => {
    const rules = { kubernetes: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'], decision: 'Allow' }] };
    const request = { verb: 'get', apiGroup: '', resource: 'pods', namespace: 'shop', name: 'x' };
    const strict = deleted(local('q', { kubernetes: [] }));
    const sources = { namespace: namespace(), clusterPolicies: [floor('f', rules)], policies: [local('p', rules), strict] };
    assert.equal(judgeApiRequest(policySet(sources, agent), 'shop', request).decision, 'Deny');
  });

  it('deny every request while one of them cannot be read', () => {
    const rules = { kubernetes: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'], decision: 'Allow' }] };
    const sources = { namespace: namespace(), clusterPolicies: [floor('f', rules)], policies: [local('p', rules)] };
    const request = { verb: 'get', apiGroup: '', resource: 'pods', namespace: 'shop', name: 'x' };
    assert.equal(judgeApiRequest(policySet(sources, agent), 'shop', request).decision, 'Allow');
    const broken = { ...sources, policies: [...sources.policies, local('bad', { modes: 7 })] };
    assert.equal(judgeApiRequest(policySet(broken, agent), 'shop', request).decision, 'Deny');
  });

  it('are the same in any order, and take the environment from the label alone', () => {
    const sources = {
      namespace: namespace({ 'sentinel.dev/enabled': 'true', 'sentinel.dev/environment': 'staging' }),
      clusterPolicies: [floor('a'), floor('b')],
      policies: [local('c'), local('d')],
    };
    const reversed = {
      ...sources,
      clusterPolicies: sources.clusterPolicies.toReversed(),
      policies: sources.policies.toReversed(),
    };
    assert.deepEqual(policySet(reversed, agent), policySet(sources, agent));
    assert.equal(policySet(sources, agent).environment, 'staging');
  });
});

describe('An identity', () => {
  const stamps: Record<string, { stamp: string | undefined; user: string | undefined }> = {
    'is read from its stamp': { stamp: '{"user":"ada","uid":"1","groups":["sre"]}', user: 'ada' },
    'is undefined without a stamp': { stamp: undefined, user: undefined },
    'is undefined without a user': { stamp: '{"groups":[]}', user: undefined },
    'is undefined with an empty user': { stamp: '{"user":"","groups":[]}', user: undefined },
    'is undefined without groups': { stamp: '{"user":"ada"}', user: undefined },
    'is undefined with groups that are not texts': { stamp: '{"user":"ada","groups":[1]}', user: undefined },
    'is undefined in broken JSON': { stamp: '{"user":"ada"', user: undefined },
    'is undefined when it is null': { stamp: 'null', user: undefined },
  };
  for (const [name, { stamp, user }] of Object.entries(stamps)) it(name, () => assert.equal(parseIdentity(stamp)?.user, user));

  it('is not known among editors when one line of them cannot be read', () => {
    assert.deepEqual(parseIdentities(undefined), []);
    assert.equal(parseIdentities('{"user":"ada","groups":[]}\n{')?.length, undefined);
    assert.equal(parseIdentities('{"user":"ada","groups":[]}\n{"user":"bea","groups":[]}\n')?.length, 2);
  });

  const programs: Record<string, boolean> = {
    'system:serviceaccount:a:b': true,
    'system:node:n1': true,
    'sentinel:enforce:shop:a': true,
    'sentinel:probe': true,
    ada: false,
    'oidc:system:serviceaccount:a:b': false,
  };
  for (const [user, program] of Object.entries(programs)) {
    it(`is ${program ? 'a program' : 'a person'}: ${user}`, () => assert.equal(isProgram({ user, groups: [] }), program));
  }
});
