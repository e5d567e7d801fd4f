import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PolicySet } from '../policyset/policy-set.ts';
import { clusterPolicies } from '../testing/policies.fixture.ts';
import { askDeciders, describeRight, exemptBy, rightsToActAs, wayToActAs } from './separation.ts';

const account = { user: 'system:serviceaccount:shop:bot', uid: 'u-1', groups: [] };
const person = { user: 'ada', uid: '7', groups: [] };

describe('The rights to act as somebody', () => {
  const of = (identity: typeof account) => rightsToActAs(identity).map(describeRight);
  const inShop = [
    "impersonate serviceaccounts 'bot' in namespace 'shop'",
    "impersonate:serviceaccount serviceaccounts.authentication.k8s.io 'bot' in namespace 'shop'",
    "create serviceaccounts/token 'bot' in namespace 'shop'",
    ...['get', 'list', 'watch', 'patch', 'deletecollection'].map((verb) => `${verb} secrets in namespace 'shop'`),
    ...[
      'pods',
      'replicationcontrollers',
      'deployments.apps',
      'statefulsets.apps',
      'daemonsets.apps',
      'replicasets.apps',
      'jobs.batch',
      'cronjobs.batch',
    ].flatMap((resource) => ['create', 'update', 'patch'].map((verb) => `${verb} ${resource} in namespace 'shop'`)),
    ...['create', 'get'].flatMap((verb) => [`${verb} pods/exec in namespace 'shop'`, `${verb} pods/attach in namespace 'shop'`]),
    ...['update', 'patch'].map((verb) => `${verb} pods/ephemeralcontainers in namespace 'shop'`),
    'create nodes/proxy',
    'get nodes/proxy',
    // As these somebody creates its token.
    "impersonate users 'system:kube-controller-manager'",
    "impersonate:user-info users.authentication.k8s.io 'system:kube-controller-manager'",
    'impersonate:arbitrary-node nodes.authentication.k8s.io',
    "approve signers.certificates.k8s.io 'kubernetes.io/kube-apiserver-client-kubelet'",
    ...[
      'impersonate serviceaccounts',
      'create serviceaccounts/token',
      'get secrets',
      'create secrets',
      'create pods',
      'create pods/exec',
      'patch daemonsets.apps',
    ].map((right) => `${right} in namespace 'kube-system'`),
    // These change its pods.
    "create controllerrevisions.apps in namespace 'shop'",
    ...['mutatingwebhookconfigurations', 'mutatingadmissionpolicies'].flatMap((resource) =>
      ['create', 'update', 'patch'].map((verb) => `${verb} ${resource}.admissionregistration.k8s.io`),
    ),
  ];
  const asAdmin = ["impersonate groups 'system:masters'", "impersonate:user-info groups.authentication.k8s.io 'system:masters'"];
  const byUid = ["impersonate uids.authentication.k8s.io 'u-1'", "impersonate:user-info uids.authentication.k8s.io 'u-1'"];
  const certificates = ['kubernetes.io/kube-apiserver-client', 'kubernetes.io/*'].map(
    (signer) => `approve signers.certificates.k8s.io '${signer}'`,
  );

  it('are those of a ServiceAccount: its name, its uid, its token, and what runs as it', () =>
    assert.deepEqual(of(account).sort(), [...inShop, ...byUid, ...asAdmin, ...certificates].sort()));

  it('are those of a person: their name, their uid, a certificate', () =>
    assert.deepEqual(of(person), [
      "impersonate users 'ada'",
      "impersonate:user-info users.authentication.k8s.io 'ada'",
      "impersonate uids.authentication.k8s.io '7'",
      "impersonate:user-info uids.authentication.k8s.io '7'",
      ...asAdmin,
      ...certificates,
    ]));

  it('are not asked for a uid that does not exist', () =>
    assert.ok(!of({ ...person, uid: '' }).some((right) => right.includes('uids'))));

  it('say how somebody could act as one of several', async () => {
    const ask = async (_: object, rights: readonly { verb: string; subresource?: string }[]) =>
      rights.find(({ subresource }) => subresource === 'token') as never;
    assert.equal(
      await wayToActAs(ask, person, [person, account]),
      "act as 'system:serviceaccount:shop:bot' (create serviceaccounts/token 'bot' in namespace 'shop')",
    );
    assert.equal(await wayToActAs(ask, person, [person]), undefined);
  });

  it('are no answer when they cannot be asked for', () =>
    assert.rejects(wayToActAs(() => Promise.reject(new Error('no')), person, [account])));
});

describe('Who approved', () => {
  const approval = { user: 'ada', uid: '7', groups: ['sre'], extra: { mfa: ['true'] }, seal: 's' };
  it('is asked about with the whole sealed identity, by the name of the action', async () => {
    const asked: unknown[] = [];
    const answers = await askDeciders(
      async (identity, rights) => {
        asked.push(identity, rights[0]);
        return rights[0]?.verb === 'approve' && rights[0].resource === 'agentactions' ? rights[0] : undefined;
      },
      { namespace: 'shop', name: 'a' },
      [approval],
      [account],
    );
    assert.deepEqual(answers.get('s'), { mayApprove: true, actsAs: undefined });
    assert.deepEqual(asked.slice(0, 2), [
      approval,
      { verb: 'approve', group: 'sentinel.dev', resource: 'agentactions', namespace: 'shop', name: 'a' },
    ]);
  });
});

describe('The exemption from separation of duties', () => {
  const set = (...exempt: (object | undefined)[]) =>
    clusterPolicies(...exempt.map((separationOfDuties) => ({ identity: { separationOfDuties } })));
  const ada = { user: 'ada', groups: ['sre'] };
  const unreadable: PolicySet = {
    ...set({ exemptUsers: ['ada'] }),
    policies: [...set({ exemptUsers: ['ada'] }).policies, { kind: 'ClusterAgentPolicy', name: 'x', digest: '', spec: undefined }],
  };
  const rows: readonly [name: string, set: PolicySet, by: string | undefined][] = [
    ['is nobody’s where no policy names anybody', set(undefined), undefined],
    ['is nobody’s where the field is empty', set({}), undefined],
    ['is that of a user by name', set({ exemptUsers: ['ada'] }), 'ClusterAgentPolicy/p0'],
    ['is that of a group by name', set({ exemptGroups: ['sre'] }), 'ClusterAgentPolicy/p0'],
    ['is not that of others', set({ exemptUsers: ['bea'], exemptGroups: ['dba'] }), undefined],
    ['needs every policy with an opinion', set({ exemptUsers: ['ada'] }, { exemptUsers: ['bea'] }), undefined],
    ['needs no policy without one', set({ exemptUsers: ['ada'] }, undefined), 'ClusterAgentPolicy/p0'],
    [
      'names each policy',
      set({ exemptUsers: ['ada'] }, { exemptGroups: ['sre'] }),
      'ClusterAgentPolicy/p0, ClusterAgentPolicy/p1',
    ],
    ['is nobody’s while a policy cannot be read', unreadable, undefined],
  ];
  for (const [name, policies, by] of rows) it(name, () => assert.equal(exemptBy(policies, ada), by));
});
