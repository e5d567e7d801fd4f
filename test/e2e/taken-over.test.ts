import { before, describe, it } from 'node:test';
import { serviceAccount } from '../lib/cluster.ts';
import {
  as,
  attemptsIn,
  binding,
  cannot,
  create,
  DRY,
  describeRefused,
  get,
  job,
  LEDGER,
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

// Operator and gateway are taken for compromised in turn. With the token of its account, each tries what would help an attacker, and
// the API server refuses.

let world: World;
before(async () => {
  world = await makeWaitingWorld('taken-over');
});
const { anAction, ask, onAction, status, writeRecord } = attemptsIn(() => world);

const onlyPeople = /programs cannot decide|only people can|was not sealed|changes nothing of an action/;
const operator: readonly Row[] = [
  ['asks for a decision', ask(), onlyPeople],
  ['writes a decision', writeRecord, /a decision must name this action, its current plan, and who makes it/],
  [
    'takes decisions and stamps away',
    onAction(() => ({ annotations: { 'sentinel.dev/requested-by': null } })),
    /requested-by must name who creates the action/,
  ],
  [
    'edits an action',
    patch(
      'agentaction',
      () => world.action,
      () => ({ spec: { intent: { summary: 'else' } } }),
      '-n',
      '$NAMESPACE',
    ),
    /must name who edits|may edit or cancel an action|changes nothing of an action/,
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
    { args: () => ['delete', 'actionplans', '--all', '-n', world.namespace, DRY] },
    cannot('list|deletecollection|delete', 'actionplans'),
  ],
  ['reads the key that seals', get('secret', 'sentinel-webhook-seal', '-n', SYSTEM), cannot('get', 'secrets')],
  ['publishes a key of its own', publish('sentinel-seal-keys'), cannot('patch', 'configmaps')],
  ['reads the key of the gateway', get('secret', 'sentinel-gateway-seal', '-n', SYSTEM), cannot('get', 'secrets')],
  ['publishes a key for the gateway', publish('sentinel-statement-keys'), cannot('get|patch', 'configmaps')],
  ['makes a Secret', create(() => named('Secret', SYSTEM, 'x')), cannot('create', 'secrets')],
  ['forges a claim', create(() => named('ConfigMap', LEDGER, 'x')), cannot('create', 'configmaps')],
  ['reads pre-images', get('secrets', '-n', LEDGER), cannot('list', 'secrets')],
  ['starts a Job as another program', job(() => SYSTEM), cannot('create', 'jobs')],
  ['starts a Job beside the workloads', job(() => world.namespace), cannot('create', 'jobs')],
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
    { args: () => as(`sentinel:enforce:${world.namespace}:remediator`).args() },
    /cannot impersonate/,
  ],
  ['takes a token of the gateway', token('sentinel-gateway'), cannot('create', 'serviceaccounts/token')],
  ['makes itself an admin', binding, cannot('create', 'clusterrolebindings')],
];
describeRefused('operator', operator, () => world);
const gateway: readonly Row[] = [
  ['makes a Secret', create(() => named('Secret', SYSTEM, 'x')), cannot('create', 'secrets')],
  ['makes a ConfigMap that others trust', create(() => named('ConfigMap', SYSTEM, 'x')), cannot('create', 'configmaps')],
  ['makes a ConfigMap for sandboxes', create(() => named('ConfigMap', SANDBOXES, 'x')), cannot('create', 'configmaps')],
  ['reads the key that seals', get('secret', 'sentinel-webhook-seal', '-n', SYSTEM), cannot('get', 'secrets')],
  ['publishes a key of its own', publish('sentinel-seal-keys'), cannot('patch', 'configmaps')],
  ['asks for a decision', ask(), cannot('patch', 'agentactions')],
  ['writes a decision', writeRecord, cannot('patch', 'agentactions')],
  ['writes a status', status, cannot('get|patch', 'agentactions/status')],
  ['creates an action', anAction, cannot('create', 'agentactions')],
  ['starts a Job in a sandbox', job(() => SANDBOXES), cannot('create', 'jobs')],
  ['starts a Job beside the workloads', job(() => world.namespace), cannot('create', 'jobs')],
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
    { args: () => as(`sentinel:enforce:${world.namespace}:nobody`).args() },
    /cannot impersonate/,
  ],
  ['takes the lock away', unlock, cannot('delete', 'validatingadmissionpolicybindings')],
  ['takes a token of the operator', token('sentinel-operator'), cannot('create', 'serviceaccounts/token')],
  ['makes itself an admin', binding, cannot('create', 'clusterrolebindings')],
];
describeRefused('gateway', gateway, () => world);
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
