import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { admin, type Person, serviceAccount } from '../lib/cluster.ts';
import { startEvilWebhook } from '../lib/hostile/evil-webhook.ts';
import { annotateWeb } from '../lib/one-step.ts';
import { policyAbout } from '../lib/people/requester.ts';
import { type ActionView, makeTenant, type Tenant } from '../lib/tenant.ts';

// Each of Sentinel's programs is taken for compromised in turn. With the token of its account it tries what would help an attacker,
// and the API server refuses. Everything is a dry-run, which authorization and admission treat like the real request.

const SYSTEM = 'sentinel-system';
const SANDBOXES = 'sentinel-sandboxes';
const LEDGER = 'sentinel-ledger';
const DRY = '--dry-run=server';

let tenant: Tenant;
let action: string;
let plan = '';

before(async () => {
  tenant = await makeTenant('taken-over', { playbooks: annotateWeb('touch'), policy: policyAbout('rita', 1) });
  await tenant.deploy('web');
  action = await tenant.file('touch', { key: 'taken' });
  plan = (await tenant.until(action, ['AwaitingApproval'])).status?.plan?.digest ?? '';
});

interface Attempt {
  readonly args: () => readonly string[];
  readonly input?: () => object;
}
type Row = readonly [what: string, attempt: Attempt, reason: RegExp];

const cannot = (verb: string, resource: string) => new RegExp(`cannot (${verb}) resource "${resource}"`);
const create = (object: () => object): Attempt => ({ args: () => ['create', '-f', '-', DRY], input: object });
const patch = (kind: string, name: () => string, body: () => unknown, ...more: string[]): Attempt => ({
  args: () => [
    'patch',
    kind,
    name(),
    ...more,
    DRY,
    `--type=${Array.isArray(body()) ? 'json' : 'merge'}`,
    '-p',
    JSON.stringify(body()),
  ],
});
const get = (...args: string[]): Attempt => ({ args: () => ['get', ...args] });
const onAction = (metadata: () => object, ...more: string[]): Attempt => ({
  args: () => [
    ...patch(
      'agentaction',
      () => action,
      () => ({ metadata: metadata() }),
      '-n',
      tenant.namespace,
    ).args(),
    ...more,
  ],
});
const ask = (...more: string[]): Attempt => ({
  args: () => [
    ...onAction(() => ({ annotations: { 'sentinel.dev/decision': 'approve', 'sentinel.dev/plan': plan } }), ...more).args(),
    `--field-manager=approve:${plan}`,
  ],
});
const writeRecord: Attempt = {
  args: () => [
    ...onAction(() => ({ annotations: { 'sentinel.dev/approvals': '{"action":"x"}' } })).args(),
    `--field-manager=approve:${plan}`,
  ],
};
const status: Attempt = {
  args: () => [
    ...patch(
      'agentaction',
      () => action,
      () => ({ status: { conditions: [] } }),
      '-n',
      tenant.namespace,
    ).args(),
    '--subresource=status',
  ],
};
const named = (kind: string, namespace: string, name: string, more: object = {}) => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, namespace },
  ...more,
});
const template = {
  spec: {
    restartPolicy: 'Never',
    serviceAccountName: 'sentinel-webhook',
    containers: [{ name: 'x', image: 'x' }],
  },
};
const job = (namespace: () => string): Attempt =>
  create(() => ({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'x', namespace: namespace() }, spec: { template } }));
const pod = (namespace: string): Attempt => create(() => named('Pod', namespace, 'x', template));
const as = (user: string, ...more: string[]): Attempt => ({ args: () => ['get', 'agentactions', '-A', '--as', user, ...more] });
const token = (account: string): Attempt => ({ args: () => ['create', 'token', account, '-n', SYSTEM] });
const anAction = create(() => ({
  apiVersion: 'sentinel.dev/v1alpha1',
  kind: 'AgentAction',
  metadata: { name: 'x', namespace: tenant.namespace },
  spec: { intent: { summary: 'x' }, playbookRef: { name: 'touch' } },
}));
const binding = create(() => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  metadata: { name: 'x' },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
  subjects: [{ kind: 'ServiceAccount', name: 'sentinel-webhook', namespace: SYSTEM }],
}));
const unlock: Attempt = {
  args: () => ['delete', 'validatingadmissionpolicybinding', 'sentinel-run-lock', DRY],
};

const publish = (name: string): Attempt =>
  patch(
    'configmap',
    () => name,
    () => ({ data: { mine: 'x' } }),
    '-n',
    SYSTEM,
  );

const everything = { apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*/*'] };
const ours = (kind: 'mutating' | 'validating', ...body: object[]): Attempt =>
  patch(
    `${kind}webhookconfiguration`,
    () => 'sentinel',
    () => body,
  );
const onlyBundle = /Sentinel's webhook may change nothing of its configuration but the CA bundle/;
const onlyPeople = /programs cannot decide|only people can|was not sealed|changes nothing of an action/;

const webhook: readonly Row[] = [
  [
    'sends itself every write of the cluster',
    ours('mutating', { op: 'add', path: '/webhooks/0/rules/-', value: everything }),
    onlyBundle,
  ],
  [
    'lets requests pass when it is down',
    ours('mutating', { op: 'replace', path: '/webhooks/0/failurePolicy', value: 'Ignore' }),
    onlyBundle,
  ],
  ['calls itself for who is exempt', ours('mutating', { op: 'remove', path: '/webhooks/0/matchConditions' }), onlyBundle],
  [
    'leaves a namespace out',
    ours('mutating', { op: 'add', path: '/webhooks/0/namespaceSelector', value: { matchLabels: { a: 'b' } } }),
    onlyBundle,
  ],
  [
    'has requests sent somewhere else',
    ours(
      'mutating',
      { op: 'remove', path: '/webhooks/0/clientConfig/service' },
      { op: 'add', path: '/webhooks/0/clientConfig/url', value: 'https://evil.example' },
    ),
    onlyBundle,
  ],
  ['takes a webhook away', ours('mutating', { op: 'remove', path: '/webhooks/0' }), onlyBundle],
  [
    'refuses policies when it is down',
    ours('validating', { op: 'replace', path: '/webhooks/0/failurePolicy', value: 'Fail' }),
    onlyBundle,
  ],
  [
    'labels its configuration',
    ours('mutating', { op: 'add', path: '/metadata/labels/a', value: 'b' }),
    /may not change the metadata/,
  ],
  [
    'keeps its configuration from being deleted',
    ours('mutating', { op: 'add', path: '/metadata/finalizers', value: ['a.b/c'] }),
    /may not change the metadata/,
  ],
  [
    'makes another configuration',
    create(() => ({
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingWebhookConfiguration',
      metadata: { name: 'x' },
      webhooks: [],
    })),
    cannot('create', 'mutatingwebhookconfigurations'),
  ],
  ['takes the lock away', unlock, cannot('delete', 'validatingadmissionpolicybindings')],
  ['makes a Secret beside its own', create(() => named('Secret', SYSTEM, 'sentinel-gateway-cb')), cannot('create', 'secrets')],
  [
    'makes a ConfigMap that others trust',
    create(() => named('ConfigMap', SYSTEM, 'sentinel-gateway-cb')),
    cannot('create', 'configmaps'),
  ],
  [
    'changes what the gateway is trusted by',
    patch(
      'configmap',
      () => 'sentinel-gateway-ca',
      () => ({ data: { 'ca.crt': 'x' } }),
      '-n',
      SYSTEM,
    ),
    cannot('get|patch', 'configmaps'),
  ],
  ['reads the key of the gateway', get('secret', 'sentinel-gateway-ca', '-n', SYSTEM), cannot('get', 'secrets')],
  ['reads the key that signs statements', get('secret', 'sentinel-gateway-seal', '-n', SYSTEM), cannot('get', 'secrets')],
  ['publishes a key for the gateway', publish('sentinel-statement-keys'), cannot('get|patch', 'configmaps')],
  ['starts a Job as another program', job(() => SYSTEM), cannot('create', 'jobs')],
  ['starts a Job in a sandbox', job(() => SANDBOXES), cannot('create', 'jobs')],
  ['starts a pod', pod(SYSTEM), cannot('create', 'pods')],
  ['asks for a decision', ask(), cannot('patch', 'agentactions')],
  ['writes a decision', writeRecord, cannot('patch', 'agentactions')],
  ['writes a status', status, cannot('get|patch', 'agentactions/status')],
  ['files an action', anAction, cannot('create', 'agentactions')],
  ['acts as an approver', as('ada', '--as-group', 'shop-approvers'), /cannot impersonate/],
  ['takes a token of the gateway', token('sentinel-gateway'), cannot('create', 'serviceaccounts/token')],
  ['makes itself an admin', binding, cannot('create', 'clusterrolebindings')],
];

const operator: readonly Row[] = [
  ['asks for a decision', ask(), onlyPeople],
  ['writes a decision', writeRecord, /a decision must name this action, its current plan, and who makes it/],
  [
    'takes decisions and stamps away',
    onAction(() => ({ annotations: { 'sentinel.dev/requested-by': null } })),
    /requested-by must name who files the action/,
  ],
  [
    'edits an action',
    patch(
      'agentaction',
      () => action,
      () => ({ spec: { intent: { summary: 'else' } } }),
      '-n',
      '$NAMESPACE',
    ),
    /must name who edits|is edited by who filed it|changes nothing of an action/,
  ],
  [
    'labels an action',
    onAction(() => ({ labels: { a: 'b' } })),
    /the operator changes nothing of an action but its status and its finalizer/,
  ],
  [
    'trusts a Playbook',
    patch(
      'playbook',
      () => 'touch',
      () => ({ metadata: { annotations: { 'sentinel.dev/trust': 'x' } } }),
      '-n',
      '$NAMESPACE',
    ),
    cannot('patch', 'playbooks'),
  ],
  [
    'writes a policy',
    patch(
      'clusteragentpolicy',
      () => 'sentinel-floor',
      () => ({ spec: { suspended: false } }),
    ),
    cannot('patch', 'clusteragentpolicies'),
  ],
  [
    'changes a plan',
    { args: () => ['delete', 'actionplans', '--all', '-n', tenant.namespace, DRY] },
    cannot('deletecollection|delete', 'actionplans'),
  ],
  ['reads the key that seals', get('secret', 'sentinel-webhook-seal', '-n', SYSTEM), cannot('get', 'secrets')],
  [
    'publishes a key of its own',
    patch(
      'configmap',
      () => 'sentinel-seal-keys',
      () => ({ data: { mine: 'x' } }),
      '-n',
      SYSTEM,
    ),
    cannot('patch', 'configmaps'),
  ],
  ['reads the key of the gateway', get('secret', 'sentinel-gateway-seal', '-n', SYSTEM), cannot('get', 'secrets')],
  ['publishes a key for the gateway', publish('sentinel-statement-keys'), cannot('get|patch', 'configmaps')],
  ['makes a Secret', create(() => named('Secret', SYSTEM, 'x')), cannot('create', 'secrets')],
  ['forges a claim', create(() => named('ConfigMap', LEDGER, 'x')), cannot('create', 'configmaps')],
  ['reads pre-images', get('secrets', '-n', LEDGER), cannot('list', 'secrets')],
  ['starts a Job as another program', job(() => SYSTEM), cannot('create', 'jobs')],
  ['starts a Job beside the workloads', job(() => tenant.namespace), cannot('create', 'jobs')],
  ['starts a pod without a Job', pod(SANDBOXES), cannot('create', 'pods')],
  [
    'opens the network of sandboxes',
    patch(
      'networkpolicy',
      () => 'sentinel-default-deny',
      () => ({ spec: { egress: [{}] } }),
      '-n',
      SANDBOXES,
    ),
    cannot('get|patch', 'networkpolicies'),
  ],
  ['takes the lock away', unlock, cannot('delete', 'validatingadmissionpolicybindings')],
  [
    'loosens its webhook',
    ours('mutating', { op: 'remove', path: '/webhooks/0' }),
    cannot('patch', 'mutatingwebhookconfigurations'),
  ],
  [
    'acts as an account of a tenant',
    { args: () => as(`sentinel:enforce:${tenant.namespace}:remediator`).args() },
    /cannot impersonate/,
  ],
  ['takes a token of the gateway', token('sentinel-gateway'), cannot('create', 'serviceaccounts/token')],
  ['makes itself an admin', binding, cannot('create', 'clusterrolebindings')],
];

const gateway: readonly Row[] = [
  ['makes a Secret', create(() => named('Secret', SYSTEM, 'x')), cannot('create', 'secrets')],
  ['makes a ConfigMap that others trust', create(() => named('ConfigMap', SYSTEM, 'x')), cannot('create', 'configmaps')],
  ['makes a ConfigMap for sandboxes', create(() => named('ConfigMap', SANDBOXES, 'x')), cannot('create', 'configmaps')],
  ['reads the key that seals', get('secret', 'sentinel-webhook-seal', '-n', SYSTEM), cannot('get', 'secrets')],
  [
    'publishes a key of its own',
    patch(
      'configmap',
      () => 'sentinel-seal-keys',
      () => ({ data: { mine: 'x' } }),
      '-n',
      SYSTEM,
    ),
    cannot('patch', 'configmaps'),
  ],
  ['asks for a decision', ask(), cannot('patch', 'agentactions')],
  ['writes a decision', writeRecord, cannot('patch', 'agentactions')],
  ['writes a status', status, cannot('get|patch', 'agentactions/status')],
  ['files an action', anAction, cannot('create', 'agentactions')],
  ['starts a Job in a sandbox', job(() => SANDBOXES), cannot('create', 'jobs')],
  ['starts a Job beside the workloads', job(() => tenant.namespace), cannot('create', 'jobs')],
  [
    'writes to a workload as itself',
    patch(
      'deployment',
      () => 'web',
      () => ({ metadata: { labels: { a: 'b' } } }),
      '-n',
      '$NAMESPACE',
    ),
    cannot('get|patch', 'deployments'),
  ],
  ['acts as an approver', as('ada', '--as-group', 'shop-approvers'), /cannot impersonate/],
  ['acts as the operator', as(`system:serviceaccount:${SYSTEM}:sentinel-operator`), /cannot impersonate/],
  ['acts as an admin', as('sentinel:probe', '--as-group', 'system:masters'), /cannot impersonate/],
  [
    'acts as an account that no admin granted',
    { args: () => as(`sentinel:enforce:${tenant.namespace}:nobody`).args() },
    /cannot impersonate/,
  ],
  ['takes the lock away', unlock, cannot('delete', 'validatingadmissionpolicybindings')],
  ['takes a token of the operator', token('sentinel-operator'), cannot('create', 'serviceaccounts/token')],
  ['makes itself an admin', binding, cannot('create', 'clusterrolebindings')],
];

for (const [program, rows] of Object.entries({ webhook, operator, gateway }))
  describe(`A ${program} that somebody has taken over`, { concurrency: 4 }, () => {
    let account: Person;
    before(async () => {
      account = await serviceAccount(SYSTEM, `sentinel-${program}`);
    });
    for (const [what, { args, input }, reason] of rows)
      it(`is refused when it ${what}`, async () => {
        const { code, stderr } = await account.tryKubectl(
          args().map((arg) => (arg === '$NAMESPACE' ? tenant.namespace : arg)),
          input ? { input: JSON.stringify(input()) } : {},
        );
        assert.notEqual(code, 0, 'it was not refused');
        assert.match(stderr, reason);
      });
  });

describe('What a program needs', { concurrency: true }, () => {
  it('is allowed: the webhook writes its CA bundle, the gateway what it is trusted by', async () => {
    const [hook, gate] = await Promise.all([
      serviceAccount(SYSTEM, 'sentinel-webhook'),
      serviceAccount(SYSTEM, 'sentinel-gateway'),
    ]);
    for (const kind of ['mutating', 'validating'] as const) {
      const bundle = { op: 'add', path: '/webhooks/0/clientConfig/caBundle', value: 'YQ==' };
      await hook.kubectl(ours(kind, bundle).args());
    }
    for (const namespace of [SYSTEM, SANDBOXES])
      await gate.kubectl(
        patch(
          'configmap',
          () => 'sentinel-gateway-ca',
          () => ({ data: { 'ca.crt': 'x' } }),
          '-n',
          namespace,
        ).args(),
      );
  });
});

// The same webhook once more, now from where it really stands: between what a person sends and what the policies of the API server
// see. It holds the key that seals and rewrites what ada sends as it likes.
describe('A webhook that somebody has taken over and that is asked by the API server', { concurrency: false }, () => {
  let evil: Awaited<ReturnType<typeof startEvilWebhook>>;
  before(async () => {
    evil = await startEvilWebhook(tenant.namespace);
  });
  after(() => evil.stop());

  const send = (annotations: Record<string, string>, ...more: string[]) =>
    tenant.approver.tryKubectl([
      ...['patch', 'agentaction', action, '-n', tenant.namespace, DRY, '--type=merge', '-o', 'json'],
      ...['-p', JSON.stringify({ metadata: { annotations } }), ...more],
    ]);
  const asked = (word: string) => ({ 'sentinel.dev/decision': word, 'sentinel.dev/plan': plan });
  const saysNothing = /the request must say itself that it approves this plan/;
  const notRecorded = /what was asked for was not recorded/;
  const nothingToRevoke = /you have not approved this plan, so there is nothing to take back/;
  const rows: readonly [what: string, sent: () => Promise<{ code: number; stderr: string }>, makes: string, reason: RegExp][] = [
    ['a rejection into an approval', () => send(asked('reject'), `--field-manager=reject:${plan}`), 'approve', saysNothing],
    ['a rejection with plain kubectl into an approval', () => send(asked('reject')), 'approve', saysNothing],
    // Sentinel's own webhook comes first: there is no approval of hers that she could take back.
    ['a revocation into an approval', () => send(asked('revoke'), `--field-manager=revoke:${plan}`), 'approve', nothingToRevoke],
    ['a note into an approval', () => send({ note: 'x' }), 'approve', saysNothing],
    ['a rejection into a revocation', () => send(asked('reject'), `--field-manager=reject:${plan}`), 'revoke', notRecorded],
    ['a rejection into nothing', () => send(asked('reject'), `--field-manager=reject:${plan}`), '', notRecorded],
    ['an approval into a rejection', () => send(asked('approve'), `--field-manager=approve:${plan}`), 'reject', notRecorded],
  ];
  for (const [what, sent, makes, reason] of rows)
    it(`does not turn ${what}`, async () => {
      evil.makes(makes);
      const { code, stderr } = await sent();
      assert.notEqual(code, 0, 'it was not refused');
      assert.match(stderr, reason);
    });

  it('does not turn a note on a Playbook into trust, and makes the trust that was asked for', async () => {
    evil.makes('trust');
    const { status } = await admin.get<{ status: { digest: string } }>(['playbook', 'touch', '-n', tenant.namespace]);
    const tell = (annotations: Record<string, string>, ...more: string[]) =>
      tenant.truster.tryKubectl([
        ...['patch', 'playbook', 'touch', '-n', tenant.namespace, DRY, '--type=merge'],
        ...['-p', JSON.stringify({ metadata: { annotations } }), ...more],
      ]);
    const manager = `--field-manager=trust:${status.digest}`;
    const noted = await tell({ note: 'x' });
    assert.notEqual(noted.code, 0, 'it was not refused');
    assert.match(noted.stderr, /the request must say itself that it trusts this Playbook as it stands/);
    const asked = await tell({ 'sentinel.dev/trust': status.digest }, manager);
    assert.equal(asked.code, 0, asked.stderr);
    evil.makes('');
    const dropped = await tell({ 'sentinel.dev/trust': status.digest }, manager);
    assert.notEqual(dropped.code, 0, 'it was not refused');
    assert.match(dropped.stderr, /the trust that was asked for was not recorded/);
  });

  it('does not put claims into an approval that the person does not carry', async () => {
    evil.makes('approve', { 'example.com/mfa': ['true'] });
    const { code, stderr } = await send(asked('approve'), `--field-manager=approve:${plan}`);
    assert.notEqual(code, 0, 'it was not refused');
    assert.match(stderr, /must name the claims of who makes it as the API server authenticated them/);
  });

  it('does make the approval that was asked for: it is its position and its seal that are real in the rows above', async () => {
    evil.makes('approve');
    const answer = await tenant.approver.kubectl([
      ...['patch', 'agentaction', action, '-n', tenant.namespace, DRY, '--type=merge', '-o', 'json'],
      ...['-p', JSON.stringify({ metadata: { annotations: asked('approve') } }), `--field-manager=approve:${plan}`],
    ]);
    const { metadata } = JSON.parse(answer) as ActionView;
    assert.match(metadata.annotations['sentinel.dev/approvals'] ?? '', /"comment":"made by evil".*"seal":"[^"]{86,}"/);
  });

  it('cannot change a policy while it is written: policies are only shown to it', async () => {
    const { webhooks } = await admin.get<{ webhooks: { rules: { resources: string[] }[] }[] }>([
      'mutatingwebhookconfiguration',
      'sentinel',
    ]);
    assert.deepEqual(
      webhooks.flatMap(({ rules }) => rules.flatMap(({ resources }) => resources)),
      ['agentactions', 'playbooks'],
    );
  });
});
