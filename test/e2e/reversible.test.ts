import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { admin, policyForAnyPlaybook } from '../lib/cluster.ts';
import { oneStep } from '../lib/one-step.ts';
import { type ActionView, END_STATES, makeTenant, messageOf, stateOf, type Tenant } from '../lib/tenant.ts';

// What a plan says of its rollback holds: what can be restored is as it was before, and what cannot be is named before anybody approves.

const KINDS = '[configmaps, services, deployments, statefulsets, statefulsets/scale]';
const policy = policyForAnyPlaybook()
  .replace('objects: 5', 'objects: 20')
  .replace('upToRisk: High', 'upToRisk: Critical')
  .replace(
    '  approvals:\n',
    `  - apiGroups: ["", apps]
    resources: ${KINDS}
    verbs: [get, list, watch, create, patch, update]
    decision: RequireApproval
    justification: Tests create and change these.
  approvals:
`,
  );
const fails = { more: '  verify:\n  - {name: never, command: [sh, -c, "exit 1"]}\n' };
const playbook = (name: string, script: string) => oneStep(name, ['sh', '-ec', script], fails);

interface Named {
  readonly metadata: { readonly name: string };
}
const container = { name: 'c', image: 'x.example.com/y:1' };
const workload = (kind: string, name: string, spec: object = {}) => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: { name },
  spec: {
    replicas: 0,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [container] } },
    ...spec,
  },
});
const service = (name: string, spec: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec: { selector: { a: 'b' }, ports: [{ name: 'p', port: 80 }], ...spec },
});
const settings = (name: string, a = '1') => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { a } });
const write = (object: object, command: string) =>
  `printf '%s' '${JSON.stringify(object)}' >/tmp/o.json; kubectl ${command} -f /tmp/o.json`;
const patch = (what: string, value: object, type = 'merge') =>
  `kubectl patch ${what} --type=${type} -p '${JSON.stringify(value)}'`;

interface Read {
  metadata: { labels?: object; annotations?: Record<string, string> };
  spec?: object;
  data?: object;
}
async function contentOf({ namespace }: Tenant, what: string): Promise<unknown> {
  const { metadata, spec, data } = await admin.get<Read>([what, '-n', namespace]);
  const { 'deployment.kubernetes.io/revision': _, ...annotations } = metadata.annotations ?? {};
  return { labels: metadata.labels ?? {}, annotations, spec, data };
}

const apply = ({ namespace }: Tenant, object: object) =>
  admin.kubectl(['apply', '-n', namespace, '-f', '-'], { input: JSON.stringify(object) });

/** Creates an action, and answers with what its plan says once it waits for approval. */
async function planned(tenant: Tenant, name: string) {
  const action = await tenant.file(name);
  const { status, ...rest } = await tenant.until(action, ['AwaitingApproval', ...END_STATES]);
  assert.ok(status?.plan, messageOf({ status, ...rest } as ActionView));
  const plan = await admin.get<{
    spec: {
      effects: { reversible: boolean; deletesData?: string; notes?: string[] }[];
      risk: { level: string };
      rollback: { from: string; irreversible?: string[] };
    };
  }>(['actionplan', status.plan.name, '-n', tenant.namespace]);
  return { ...plan.spec, action };
}

async function ended(tenant: Tenant, action: string) {
  const { code, stderr } = await tenant.decide(tenant.approver, action, 'approve');
  assert.equal(code, 0, stderr);
  return await tenant.until(action, END_STATES);
}

describe('What a plan says can be rolled back', { concurrency: 3 }, () => {
  const cases: Readonly<Record<string, readonly [object: Named, script: string, what: string]>> = {
    'a server-side apply to an object of a client-side one': [
      settings('ssa'),
      write(settings('ssa', '2'), 'apply --server-side --force-conflicts'),
      'configmap/ssa',
    ],
    'the first annotation of a template': [
      workload('Deployment', 'restart'),
      'kubectl rollout restart deployment/restart',
      'deployment/restart',
    ],
    'a Service that gets node ports': [service('ports'), patch('service ports', { spec: { type: 'NodePort' } }), 'service/ports'],
    'another port of a Service with node ports': [
      service('more', { type: 'NodePort' }),
      patch('service more', { spec: { ports: [{ name: 'q', port: 81 }] } }, 'strategic'),
      'service/more',
    ],
    'a Service with a health check port': [
      service('balanced'),
      patch('service balanced', { spec: { type: 'LoadBalancer', externalTrafficPolicy: 'Local' } }),
      'service/balanced',
    ],
    'an update': [settings('replaced'), write(settings('replaced', '2'), 'replace'), 'configmap/replaced'],
  };
  let tenant: Tenant;
  before(async () => {
    const playbooks = Object.values(cases).map(([{ metadata }, script]) => playbook(metadata.name, script));
    tenant = await makeTenant('way-back', { policy, playbooks: playbooks.join('') });
    for (const [object] of Object.values(cases)) await apply(tenant, object);
  });

  for (const [name, [object, , what]] of Object.entries(cases))
    it(`is as it was before: ${name}`, async () => {
      const was = await contentOf(tenant, what);
      const { action, rollback, effects } = await planned(tenant, object.metadata.name);
      assert.ok(effects.every(({ reversible }) => reversible) && rollback.from === 'PreImages');
      const done = await ended(tenant, action);
      assert.equal(stateOf(done), 'RolledBack', messageOf(done));
      assert.deepEqual(done.status?.rollback, [{ effect: 0, outcome: 'Restored' }]);
      assert.deepEqual(await contentOf(tenant, what), was);
    });
});

describe('What a plan says cannot be rolled back', { concurrency: 3 }, () => {
  const claims = [
    {
      metadata: { name: 'data' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } }, storageClassName: 'none' },
    },
  ];
  const policyOf = (whenScaled: string) => ({ whenScaled, whenDeleted: 'Retain' });
  const db = workload('StatefulSet', 'db', {
    ...{ replicas: 2, serviceName: 'db', volumeClaimTemplates: claims, podManagementPolicy: 'Parallel' },
    persistentVolumeClaimRetentionPolicy: policyOf('Delete'),
  });
  let tenant: Tenant;
  before(async () => {
    const playbooks = [
      playbook('frozen', patch('configmap frozen', { immutable: true })),
      playbook('shrunk', 'kubectl scale statefulset db --replicas=1'),
      playbook('patched', patch('statefulset db', { spec: { replicas: 0 } })),
    ];
    tenant = await makeTenant('one-way', { policy, playbooks: playbooks.join('') });
    await apply(tenant, settings('frozen'));
    await apply(tenant, db);
  });

  it('is a ConfigMap that becomes immutable', async () => {
    const { rollback, effects } = await planned(tenant, 'frozen');
    assert.deepEqual(rollback.irreversible, ['patch configmaps frozen']);
    assert.equal(rollback.from, 'None');
    assert.match(effects[0]?.notes?.[0] ?? '', /^It cannot be rolled back: .*immutable/);
  });

  for (const name of ['shrunk', 'patched'])
    it(`are the claims of a StatefulSet that deletes them: ${name}`, async () => {
      const { rollback, effects, risk } = await planned(tenant, name);
      assert.equal(rollback.from, 'None');
      assert.match(effects[0]?.deletesData ?? '', /deletes the PersistentVolumeClaims of the pods that go/);
      assert.equal(risk.level, 'Critical');
    });

  it('is what an account may create and not delete', async () => {
    const maker = await makeTenant('maker', {
      policy,
      playbooks: playbook('made', 'kubectl create configmap made --from-literal=a=1'),
    });
    const { namespace } = maker;
    const rbac = { apiVersion: 'rbac.authorization.k8s.io/v1', metadata: { name: 'maker', namespace } };
    const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list', 'create'] }];
    const subjects = ['rehearsal', 'enforce'].map((stage) => ({
      kind: 'User',
      apiGroup: 'rbac.authorization.k8s.io',
      name: `sentinel:${stage}:${namespace}:remediator`,
    }));
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'maker' };
    await admin.kubectl(['delete', 'rolebinding', 'sentinel-account-remediator', '-n', namespace]);
    await admin.apply(JSON.stringify({ ...rbac, kind: 'Role', rules }));
    await admin.apply(JSON.stringify({ ...rbac, kind: 'RoleBinding', roleRef, subjects }));
    const { rollback, effects } = await planned(maker, 'made');
    assert.equal(rollback.from, 'None');
    assert.equal(
      effects[0]?.notes?.[0],
      "It cannot be rolled back: the account of the run (accounts.sentinel.dev) has no right to delete configmaps 'made'.",
    );
  });
});
