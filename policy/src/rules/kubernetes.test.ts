import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AgentPolicySpec } from '@sentinel/crds';
import type { ApplicablePolicy } from '../policyset/policy-set.ts';
import { aPolicySet, clusterPolicy } from '../testing/policies.fixture.ts';
import { stricter } from '../verdict/order.ts';
import { judgeApiRequest } from './kubernetes.ts';
import type { ApiRequest } from './protected.ts';

type Rule = NonNullable<AgentPolicySpec['kubernetes']>[number];

const rule = (more: Partial<Rule>): Rule => ({
  apiGroups: ['apps'],
  resources: ['deployments'],
  verbs: ['patch'],
  decision: 'Allow',
  ...more,
});
const policy = (name: string, rules: Rule[] | undefined) => clusterPolicy({ kubernetes: rules }, name);
const set = (...policies: ApplicablePolicy[]) => aPolicySet(policies);
const request = (more: Partial<ApiRequest> = {}): ApiRequest => ({
  verb: 'patch',
  apiGroup: 'apps',
  resource: 'deployments',
  namespace: 'shop',
  name: 'web',
  ...more,
});

describe('A request to the Kubernetes API', () => {
  const rows: [name: string, rules: Rule[][], request: ApiRequest, decision: string][] = [
    ['is denied when no policy has rules', [], request(), 'Deny'],
    ['is denied when no rule matches', [[rule({ verbs: ['get'] })]], request(), 'Deny'],
    ['is allowed by a rule that matches', [[rule({})]], request(), 'Allow'],
    ['is denied when one of two policies has no rule for it', [[rule({})], [rule({ verbs: ['get'] })]], request(), 'Deny'],
    ['needs the stricter of two rules', [[rule({}), rule({ decision: 'RequireApproval' })]], request(), 'RequireApproval'],
    ['is denied by a deny in any policy', [[rule({})], [rule({ decision: 'Deny' })]], request(), 'Deny'],
    [
      "is not reached by '*' when it is for a subresource",
      [[rule({ resources: ['*'] })]],
      request({ resource: 'deployments/scale' }),
      'Deny',
    ],
    ['is denied in another namespace', [[rule({})]], request({ namespace: 'bank' }), 'Deny'],
    [
      'is allowed in a namespace that the rule names',
      [[rule({ namespaces: ['bank'] })]],
      request({ namespace: 'bank' }),
      'Allow',
    ],
    ['is denied for another name than the rule says', [[rule({ resourceNames: ['api'] })]], request(), 'Deny'],
    [
      'is denied over all namespaces',
      [[rule({ verbs: ['list'] })]],
      request({ verb: 'list', namespace: undefined, name: undefined }),
      'Deny',
    ],
    [
      'may list nodes where a rule names them',
      [[rule({ apiGroups: [''], resources: ['nodes'], verbs: ['list'] })]],
      request({ verb: 'list', apiGroup: '', resource: 'nodes', namespace: undefined, name: undefined }),
      'Allow',
    ],
    [
      'may not list nodes where a rule denies everything',
      [
        [
          rule({ apiGroups: [''], resources: ['nodes'], verbs: ['list'] }),
          rule({ apiGroups: ['*'], resources: ['*'], verbs: ['list'], decision: 'Deny' }),
        ],
      ],
      request({ verb: 'list', apiGroup: '', resource: 'nodes', namespace: undefined, name: undefined }),
      'Deny',
    ],
  ];
  for (const [name, policies, asked, decision] of rows) {
    it(name, () => {
      const judged = judgeApiRequest(set(...policies.map((rules, index) => policy(`p${index}`, rules))), 'shop', asked);
      assert.equal(judged.decision, decision);
    });
  }

  const everything = rule({ apiGroups: ['*'], resources: ['*', 'pods/exec', 'serviceaccounts/token'], verbs: ['*'] });
  const never: ApiRequest[] = [
    request({ apiGroup: '', resource: 'secrets', verb: 'get' }),
    request({ apiGroup: 'rbac.authorization.k8s.io', resource: 'roles' }),
    request({ apiGroup: 'admissionregistration.k8s.io', resource: 'validatingadmissionpolicies', namespace: undefined }),
    request({ apiGroup: 'apiextensions.k8s.io', resource: 'customresourcedefinitions', namespace: undefined }),
    request({ apiGroup: '', resource: 'pods/exec', verb: 'create' }),
    request({ apiGroup: '', resource: 'serviceaccounts/token', verb: 'create' }),
    request({ apiGroup: '', resource: 'namespaces', verb: 'delete', namespace: undefined }),
    request({ apiGroup: 'sentinel.dev', resource: 'agentpolicies', verb: 'patch' }),
    request({ apiGroup: 'sentinel.dev', resource: 'agentactions', verb: 'create' }),
    request({ apiGroup: 'sentinel.dev', resource: 'agentactions/status', verb: 'get' }),
    request({ apiGroup: 'sentinel.dev', resource: 'playbooks', verb: 'trust' }),
    request({ apiGroup: 'sentinel.dev', resource: 'accounts', verb: 'get' }),
    request({ apiGroup: 'authorization.k8s.io', resource: 'selfsubjectaccessreviews', verb: 'create' }),
    request({ apiGroup: 'certificates.k8s.io', resource: 'certificatesigningrequests', verb: 'create' }),
  ];
  for (const asked of never) {
    it(`is refused whatever policy says: ${asked.verb} ${asked.resource}`, () => {
      const judged = judgeApiRequest(set(policy('all', [everything])), 'shop', asked);
      assert.equal(judged.decision, 'Deny');
      assert.match(judged.refusal?.rule ?? '', /^protected /);
    });
  }

  const readable: ApiRequest[] = [
    request({ apiGroup: 'rbac.authorization.k8s.io', resource: 'roles', verb: 'get' }),
    request({ apiGroup: 'apiextensions.k8s.io', resource: 'customresourcedefinitions', verb: 'list' }),
    request({ apiGroup: '', resource: 'namespaces', verb: 'get' }),
    request({ apiGroup: '', resource: 'serviceaccounts', verb: 'get' }),
    request({ apiGroup: 'example.com', resource: 'secrets', verb: 'get' }),
  ];
  for (const asked of readable) {
    it(`is a matter of policy: ${asked.verb} ${asked.resource}.${asked.apiGroup}`, () => {
      assert.equal(judgeApiRequest(set(policy('all', [everything])), 'shop', asked).decision, 'Allow');
    });
  }

  describe("Sentinel's own kinds", () => {
    const asked = request({ apiGroup: 'sentinel.dev', resource: 'agentactions', verb: 'list' });
    const own = (more: Partial<Rule> = {}) =>
      rule({ apiGroups: ['sentinel.dev'], resources: ['agentactions'], verbs: ['list'], ...more });
    const rows: [string, Rule[][], 'Allow' | 'Deny'][] = [
      ['are readable if a rule names their group', [[own()]], 'Allow'],
      ['are readable if each policy names their group', [[own(), everything], [own()]], 'Allow'],
      ['are not readable by a rule for any group', [[everything]], 'Deny'],
      ['are not readable if one policy has only a rule for any group', [[own()], [everything]], 'Deny'],
      [
        'are not readable if a rule for any group denies',
        [[own(), rule({ apiGroups: ['*'], resources: ['*'], verbs: ['*'], decision: 'Deny' })]],
        'Deny',
      ],
      [
        'are not readable by a rule for any group that asks people',
        [[rule({ apiGroups: ['*'], resources: ['*'], verbs: ['*'], decision: 'RequireApproval' })]],
        'Deny',
      ],
    ];
    for (const [name, policies, decision] of rows)
      it(name, () => {
        const judged = judgeApiRequest(set(...policies.map((rules, index) => policy(`p${index}`, rules))), 'shop', asked);
        assert.equal(judged.decision, decision);
      });
    it('are not readable in another namespace, or in all of them', () => {
      const policies = set(policy('all', [own()]));
      for (const namespace of ['other', undefined])
        assert.equal(judgeApiRequest(policies, 'shop', { ...asked, namespace }).decision, 'Deny');
    });
  });

  const connects = ['pods/attach', 'pods/portforward', 'pods/proxy', 'services/proxy', 'nodes/proxy'];
  const more: ApiRequest[] = [
    ...connects.map((resource) => request({ apiGroup: '', resource, verb: 'get' })),
    request({ apiGroup: '', resource: 'secrets/status', verb: 'watch' }),
    request({ apiGroup: 'apiregistration.k8s.io', resource: 'apiservices', verb: 'delete' }),
    request({ apiGroup: 'authentication.k8s.io', resource: 'tokenreviews', verb: 'create' }),
    request({ apiGroup: '', resource: 'namespaces/finalize', verb: 'update' }),
    request({ apiGroup: '', resource: 'nodes', verb: 'patch' }),
    request({ apiGroup: '', resource: 'users', verb: 'impersonate' }),
  ];
  for (const asked of more) {
    it(`is refused whatever policy says, also: ${asked.verb} ${asked.resource}`, () => {
      const rule = { ...everything, resources: [...everything.resources, asked.resource] };
      assert.match(judgeApiRequest(set(policy('all', [rule])), 'shop', asked).refusal?.rule ?? '', /^protected /);
    });
  }

  const named = (more: Partial<Rule>) => rule({ verbs: ['*'], resourceNames: ['db'], decision: 'Deny', ...more });
  const any = rule({ verbs: ['*'] });
  const many: [what: string, rules: Rule[][], verb: string, decision: string][] = [
    ...['list', 'watch', 'deletecollection'].flatMap((verb): [string, Rule[][], string, string][] => [
      ['a Deny of one of them', [[any, named({})]], verb, 'Deny'],
      ['a Deny of one of them in another policy', [[any], [any, named({})]], verb, 'Deny'],
      ['a RequireApproval of one of them', [[any, named({ decision: 'RequireApproval' })]], verb, 'RequireApproval'],
      ['a Deny of one of them with other verbs', [[any, named({ verbs: ['get'] })]], verb, 'Allow'],
      ['a Deny of one of them elsewhere', [[any, named({ namespaces: ['bank'] })]], verb, 'Allow'],
      ['a Deny of one of another resource', [[any, named({ resources: ['statefulsets'] })]], verb, 'Allow'],
      ['an empty list of names', [[any, named({ resourceNames: [] })]], verb, 'Allow'],
      ['an Allow of one of them alone', [[named({ decision: 'Allow' })]], verb, 'Deny'],
      ['a RequireApproval of one of them alone', [[named({ decision: 'RequireApproval' })]], verb, 'Deny'],
    ]),
    ['a Deny of one of them', [[any, named({})]], 'create', 'Allow'],
  ];
  for (const [what, policies, verb, decision] of many)
    it(`for ${verb} without a name is ${decision} by ${what}`, () => {
      const asked = request({ verb, name: undefined });
      const judged = judgeApiRequest(set(...policies.map((rules, index) => policy(`p${index}`, rules))), 'shop', asked);
      assert.equal(judged.decision, decision);
    });

  it('is denied where only the policy of a namespace allows it: the floor does not apply to it', () => {
    const local: ApplicablePolicy = { ...policy('local', [rule({})]), kind: 'AgentPolicy' };
    const silent = policy('silent', undefined);
    const judged = judgeApiRequest(set(silent, local), 'shop', request());
    assert.equal(judged.decision, 'Deny');
    assert.match(judged.refusal?.message ?? '', /no ClusterAgentPolicy has rules/);
    assert.equal(judgeApiRequest(set(policy('floor', [rule({})]), local), 'shop', request()).decision, 'Allow');
  });

  it('says which rule decided, and why in the words of the policy', () => {
    const denying = policy('p', [rule({}), rule({ decision: 'Deny', justification: 'Deletions go through Git.' })]);
    assert.deepEqual(judgeApiRequest(set(denying), 'shop', request()), {
      decision: 'Deny',
      decidedBy: 'ClusterAgentPolicy/p: kubernetes[1]',
      refusal: {
        policy: 'ClusterAgentPolicy/p',
        rule: 'kubernetes[1]',
        message: "patch deployments.apps in namespace 'shop' is denied: Deletions go through Git.",
        code: 'ApiRequestDenied',
      },
    });
  });

  it('is never judged looser with one policy more, in any order', () => {
    let seed = 7;
    const pick = <T>(list: readonly T[]): T => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return list[seed % list.length] as T;
    };
    const random = () =>
      rule({
        apiGroups: [pick(['apps', '', '*'])],
        resources: [pick(['deployments', 'deployments/scale', '*', 'pods'])],
        verbs: [pick(['get', 'list', 'patch', '*'])],
        ...pick([{}, { resourceNames: ['web'] }]),
        decision: pick(['Allow', 'RequireApproval', 'Deny']),
      });
    for (let round = 0; round < 2000; round++) {
      const [a, b] = ['a', 'b'].map((name) => policy(name, [random(), random(), random()]));
      if (!a || !b) continue;
      const asked = request({
        ...pick([{ verb: 'get' }, { verb: 'patch' }, { verb: 'list', name: undefined }]),
        resource: pick(['deployments', 'deployments/scale']),
      });
      const [one, both, reversed] = [set(a), set(a, b), set(b, a)].map(
        (policies) => judgeApiRequest(policies, 'shop', asked).decision,
      );
      assert.equal(both, reversed);
      assert.equal(stricter(both ?? 'Allow', one ?? 'Deny'), both);
    }
  });
});
