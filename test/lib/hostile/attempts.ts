import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { type Person, serviceAccount } from '../cluster.ts';
import { annotateWeb } from '../one-step.ts';
import { policyAbout } from '../people/requester.ts';
import { makeTenant, type Tenant } from '../tenant.ts';

// What a program of Sentinel tries that somebody has taken over. Everything is a dry-run, which authorization and admission treat like
// the real request.

export const SYSTEM = 'sentinel-system';
export const SANDBOXES = 'sentinel-sandboxes';
export const LEDGER = 'sentinel-ledger';
export const DRY = '--dry-run=server';

/** A tenant with an action that waits for people. */
export interface World {
  readonly tenant: Tenant;
  readonly namespace: string;
  readonly action: string;
  /** Digest of the plan of the action. */
  readonly plan: string;
}

/** Makes it. */
export async function makeWaitingWorld(name: string): Promise<World> {
  const tenant = await makeTenant(name, { playbooks: annotateWeb('touch'), policy: policyAbout('rita', 1) });
  await tenant.deploy('web');
  const action = await tenant.file('touch', { key: 'taken' });
  const plan = (await tenant.until(action, ['AwaitingApproval'])).status?.plan?.digest ?? '';
  return { tenant, namespace: tenant.namespace, action, plan };
}

/** What somebody tries with kubectl. */
export interface Attempt {
  readonly args: () => readonly string[];
  readonly input?: () => object;
}
/** What a program does, how it tries that, and why it is refused. */
export type Row = readonly [what: string, attempt: Attempt, reason: RegExp];

/** That RBAC refuses a verb on a resource. */
export const cannot = (verb: string, resource: string) => new RegExp(`cannot (${verb}) resource "${resource}"`);
/** Creates an object. */
export const create = (object: () => object): Attempt => ({ args: () => ['create', '-f', '-', DRY], input: object });
/** Patches an object: by a list of operations, or merged. */
export const patch = (kind: string, name: () => string, body: () => unknown, ...more: string[]): Attempt => ({
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
/** Reads. */
export const get = (...args: string[]): Attempt => ({ args: () => ['get', ...args] });
/** A core object. */
export const named = (kind: string, namespace: string, name: string, more: object = {}) => ({
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
/** A Job in a namespace. */
export const job = (namespace: () => string): Attempt =>
  create(() => ({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'x', namespace: namespace() }, spec: { template } }));
/** A pod in a namespace. */
export const pod = (namespace: string): Attempt => create(() => named('Pod', namespace, 'x', template));
/** Acts as somebody else. */
export const as = (user: string, ...more: string[]): Attempt => ({
  args: () => ['get', 'agentactions', '-A', '--as', user, ...more],
});
/** Takes a token of an account. */
export const token = (account: string): Attempt => ({ args: () => ['create', 'token', account, '-n', SYSTEM] });
/** Makes its account an admin of the cluster. */
export const binding = create(() => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  metadata: { name: 'x' },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
  subjects: [{ kind: 'ServiceAccount', name: 'sentinel-webhook', namespace: SYSTEM }],
}));
/** Takes the lock away. */
export const unlock: Attempt = {
  args: () => ['delete', 'validatingadmissionpolicybinding', 'sentinel-run-lock', DRY],
};

/** Publishes a key of its own. */
export const publish = (name: string): Attempt =>
  patch(
    'configmap',
    () => name,
    () => ({ data: { mine: 'x' } }),
    '-n',
    SYSTEM,
  );

/** A rule of a webhook that covers all writes. */
export const everything = { apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*/*'] };
/** Changes a webhook configuration of Sentinel. */
export const ours = (kind: 'mutating' | 'validating', ...body: object[]): Attempt =>
  patch(
    `${kind}webhookconfiguration`,
    () => 'sentinel',
    () => body,
  );

/** What is tried with the action of a world, which is made later. */
export function attemptsIn(world: () => World) {
  const onAction = (metadata: () => object, ...more: string[]): Attempt => ({
    args: () => [
      ...patch(
        'agentaction',
        () => world().action,
        () => ({ metadata: metadata() }),
        '-n',
        world().namespace,
      ).args(),
      ...more,
    ],
  });
  const ask = (...more: string[]): Attempt => ({
    args: () => [
      ...onAction(
        () => ({ annotations: { 'sentinel.dev/decision': 'approve', 'sentinel.dev/plan': world().plan } }),
        ...more,
      ).args(),
      `--field-manager=approve:${world().plan}`,
    ],
  });
  const writeRecord: Attempt = {
    args: () => [
      ...onAction(() => ({ annotations: { 'sentinel.dev/approvals': '{"action":"x"}' } })).args(),
      `--field-manager=approve:${world().plan}`,
    ],
  };
  const status: Attempt = {
    args: () => [
      ...patch(
        'agentaction',
        () => world().action,
        () => ({ status: { conditions: [] } }),
        '-n',
        world().namespace,
      ).args(),
      '--subresource=status',
    ],
  };
  const anAction = create(() => ({
    apiVersion: 'sentinel.dev/v1alpha1',
    kind: 'AgentAction',
    metadata: { name: 'x', namespace: world().namespace },
    spec: { intent: { summary: 'x' }, playbookRef: { name: 'touch' } },
  }));
  return { onAction, ask, writeRecord, status, anAction };
}

/** Shows that each attempt is refused to the account of a program. `$NAMESPACE` in an argument stands for the namespace of the tenant. */
export function describeRefused(program: string, rows: readonly Row[], world: () => World): void {
  describe(`A ${program} that somebody has taken over`, { concurrency: 4 }, () => {
    let account: Person;
    before(async () => {
      account = await serviceAccount(SYSTEM, `sentinel-${program}`);
    });
    for (const [what, { args, input }, reason] of rows)
      it(`is refused when it ${what}`, async () => {
        const { code, stderr } = await account.tryKubectl(
          args().map((arg) => (arg === '$NAMESPACE' ? world().namespace : arg)),
          input ? { input: JSON.stringify(input()) } : {},
        );
        assert.notEqual(code, 0, 'it was not refused');
        assert.match(stderr, reason);
      });
  });
}
