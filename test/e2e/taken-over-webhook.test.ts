import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { admin } from '../lib/cluster.ts';
import {
  as,
  attemptsIn,
  binding,
  cannot,
  create,
  DRY,
  describeRefused,
  everything,
  get,
  job,
  makeWaitingWorld,
  named,
  ours,
  patch,
  pod,
  publish,
  type Row,
  SANDBOXES,
  SYSTEM,
  token,
  unlock,
  type World,
} from '../lib/hostile/attempts.ts';
import { startEvilWebhook } from '../lib/hostile/evil-webhook.ts';
import type { ActionView } from '../lib/tenant.ts';

// The webhook is taken for compromised. With the token of its account it tries what would help an attacker, and the API server refuses.

let world: World;
before(async () => {
  world = await makeWaitingWorld('taken-hook');
});
const { anAction, ask, status, writeRecord } = attemptsIn(() => world);

const onlyBundle = /Sentinel's webhook may change nothing of its configuration but the CA bundle/;
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
  ['creates an action', anAction, cannot('create', 'agentactions')],
  ['acts as an approver', as('ada', '--as-group', 'shop-approvers'), /cannot impersonate/],
  ['takes a token of the gateway', token('sentinel-gateway'), cannot('create', 'serviceaccounts/token')],
  ['makes itself an admin', binding, cannot('create', 'clusterrolebindings')],
];
describeRefused('webhook', webhook, () => world);
// The same webhook once more, now from where it really stands: between what a person sends and what the policies of the API server
// see. It holds the key that seals and rewrites what ada sends as it likes.
describe('A webhook that somebody has taken over and that is asked by the API server', { concurrency: false }, () => {
  let evil: Awaited<ReturnType<typeof startEvilWebhook>>;
  before(async () => {
    evil = await startEvilWebhook(world.namespace);
  });
  after(() => evil.stop());

  const send = (annotations: Record<string, string>, ...more: string[]) =>
    world.tenant.approver.tryKubectl([
      ...['patch', 'agentaction', world.action, '-n', world.namespace, DRY, '--type=merge', '-o', 'json'],
      ...['-p', JSON.stringify({ metadata: { annotations } }), ...more],
    ]);
  const asked = (word: string) => ({ 'sentinel.dev/decision': word, 'sentinel.dev/plan': world.plan });
  const changes = () => ({ ...asked('request-changes'), 'sentinel.dev/comment': 'other' });
  const saysNothing = /the request itself must say that it approves this plan/;
  const notRecorded = /the decision was not recorded as requested/;
  const nothingToRevoke = /you have not approved this plan, so there is nothing to revoke/;
  const rows: readonly [what: string, sent: () => Promise<{ code: number; stderr: string }>, makes: string, reason: RegExp][] = [
    ['a rejection into an approval', () => send(asked('reject'), `--field-manager=reject:${world.plan}`), 'approve', saysNothing],
    ['a rejection with plain kubectl into an approval', () => send(asked('reject')), 'approve', saysNothing],
    // Sentinel's own webhook comes first: there is no approval of hers that she could revoke.
    [
      'a revocation into an approval',
      () => send(asked('revoke'), `--field-manager=revoke:${world.plan}`),
      'approve',
      nothingToRevoke,
    ],
    ['a note into an approval', () => send({ note: 'x' }), 'approve', saysNothing],
    ['a rejection into a revocation', () => send(asked('reject'), `--field-manager=reject:${world.plan}`), 'revoke', notRecorded],
    ['a rejection into nothing', () => send(asked('reject'), `--field-manager=reject:${world.plan}`), '', notRecorded],
    [
      'a rejection into a request for changes',
      () => send(asked('reject'), `--field-manager=reject:${world.plan}`),
      'request-changes',
      notRecorded,
    ],
    [
      'a request for changes into an approval',
      () => send(changes(), `--field-manager=request-changes:${world.plan}`),
      'approve',
      saysNothing,
    ],
    [
      'a request for changes into nothing',
      () => send(changes(), `--field-manager=request-changes:${world.plan}`),
      '',
      notRecorded,
    ],
    [
      'an approval into a rejection',
      () => send(asked('approve'), `--field-manager=approve:${world.plan}`),
      'reject',
      notRecorded,
    ],
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
    const { status } = await admin.get<{ status: { digest: string } }>(['playbook', 'touch', '-n', world.namespace]);
    const tell = (annotations: Record<string, string>, ...more: string[]) =>
      world.tenant.truster.tryKubectl([
        ...['patch', 'playbook', 'touch', '-n', world.namespace, DRY, '--type=merge'],
        ...['-p', JSON.stringify({ metadata: { annotations } }), ...more],
      ]);
    const manager = `--field-manager=trust:${status.digest}`;
    const noted = await tell({ note: 'x' });
    assert.notEqual(noted.code, 0, 'it was not refused');
    assert.match(noted.stderr, /the request itself must say that it trusts this Playbook with its current digest/);
    const asked = await tell({ 'sentinel.dev/trust': status.digest }, manager);
    assert.equal(asked.code, 0, asked.stderr);
    evil.makes('');
    const dropped = await tell({ 'sentinel.dev/trust': status.digest }, manager);
    assert.notEqual(dropped.code, 0, 'it was not refused');
    assert.match(dropped.stderr, /the trust was not recorded as requested/);
  });

  it('does not put claims into an approval that the person does not carry', async () => {
    evil.makes('approve', { 'example.com/mfa': ['true'] });
    const { code, stderr } = await send(asked('approve'), `--field-manager=approve:${world.plan}`);
    assert.notEqual(code, 0, 'it was not refused');
    assert.match(stderr, /must name the claims of who makes it as the API server authenticated them/);
  });

  it('does make the approval that was asked for: it is its position and its seal that are real in the rows above', async () => {
    evil.makes('approve');
    const answer = await world.tenant.approver.kubectl([
      ...['patch', 'agentaction', world.action, '-n', world.namespace, DRY, '--type=merge', '-o', 'json'],
      ...['-p', JSON.stringify({ metadata: { annotations: asked('approve') } }), `--field-manager=approve:${world.plan}`],
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
