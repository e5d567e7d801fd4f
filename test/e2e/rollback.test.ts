import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { deployments } from '@sentinel/kube';
import { admin, eventually, example, policyForAnyPlaybook } from '../lib/cluster.ts';
import { hold, whileHeld } from '../lib/hold.ts';
import { oneStep } from '../lib/one-step.ts';
import { client, END_STATES, makeTenant, messageOf, stateOf, type Tenant } from '../lib/tenant.ts';

// A rollback meets others who write to the same objects: the controllers of Kubernetes, whose writes must not stop it, and people,
// whose changes it must not undo.

const policy = policyForAnyPlaybook().replace(
  '  approvals:\n',
  `  - apiGroups: ["", apps]
    resources: [configmaps, services, deployments]
    verbs: [create, patch]
    decision: RequireApproval
    justification: Tests create and change these.
  approvals:
`,
);

/** A Playbook whose verification fails: at once, or when the test lets it go. */
const failing = (name: string, script: string, isHeld = true) =>
  oneStep(name, ['sh', '-ec', script], {
    more: `  verify:\n  - {name: never, command: [sh, -c, ${JSON.stringify(isHeld ? `${whileHeld(`held-${name}`)}; exit 1` : 'exit 1')}]}\n`,
  });

async function approved(tenant: Tenant, playbook: string): Promise<string> {
  const action = await tenant.file(playbook);
  await tenant.until(action, ['AwaitingApproval', ...END_STATES]);
  const { code, stderr } = await tenant.decide(tenant.approver, action, 'approve');
  assert.equal(code, 0, `${stderr} ${messageOf(await tenant.action(action))}`);
  return action;
}

const exists = async ({ namespace }: Tenant, kind: string, name: string): Promise<boolean> =>
  (await admin.kubectl(['get', kind, name, '-n', namespace, '--ignore-not-found', '-o', 'name'])) !== '';

describe('A rollback of three effects on one Deployment, while its controller writes to it', { concurrency: true }, () => {
  const TENANTS = 3;
  const change = `kubectl set env deployment/web MODE=fast
    kubectl scale deployment/web --replicas=3
    kubectl annotate deployment/web 'team=blue & <green>'`;

  interface Web {
    metadata: { annotations?: Record<string, string> };
    spec: { replicas: number; template: { spec: { containers: { env?: unknown[] }[] } } };
  }
  const fieldsOf = ({ metadata, spec }: Web) => ({
    team: metadata.annotations?.team,
    replicas: spec.replicas,
    env: spec.template.spec.containers[0]?.env,
  });

  // As controllers do it: again and again, to the status and to annotations of their own.
  async function disturb(tenant: Tenant, isOver: () => boolean): Promise<number> {
    const key = { namespace: tenant.namespace, name: 'web' };
    let writes = 0;
    for (; !isOver(); writes++) {
      const condition = { type: 'Disturbed', status: 'True', reason: 'Test', message: `write ${writes}` };
      await client.patch(deployments, key, { status: { conditions: [condition] } }, { type: 'strategic', subresource: 'status' });
      await client.patch(deployments, key, { metadata: { annotations: { disturbed: `${writes}` } } }, { type: 'merge' });
      await sleep(50);
    }
    return writes;
  }

  for (let index = 1; index <= TENANTS; index++)
    it(`restores every field and says so: tenant ${index}`, { timeout: 300_000 }, async (context) => {
      const tenant = await makeTenant(`back-${index}`, { policy, playbooks: failing('three', change, false) });
      const workload = example('shop/workload.yaml')
        .replaceAll('namespace: shop', `namespace: ${tenant.namespace}`)
        .replace('localhost/web:no-such-tag', tenant.image)
        .replace('replicas: 1', 'replicas: 2');
      await admin.apply(workload);
      const was = fieldsOf(await admin.get<Web>(['deployment', 'web', '-n', tenant.namespace]));
      const action = await approved(tenant, 'three');
      let isOver = false;
      const begun = tenant.until(action, ['Verifying', 'RollingBack', ...END_STATES]);
      const writes = begun.then(() => disturb(tenant, () => isOver));
      const done = await tenant.until(action, END_STATES, 200).finally(() => {
        isOver = true;
      });
      context.diagnostic(`${stateOf(done)}: ${messageOf(done)}; ${await writes} × 2 writes of others`);
      assert.equal(stateOf(done), 'RolledBack', messageOf(done));
      assert.deepEqual(
        done.status?.rollback?.map(({ effect, outcome }) => `${effect} ${outcome}`),
        ['2 Restored', '1 Restored', '0 Restored'],
      );
      assert.deepEqual(fieldsOf(await admin.get<Web>(['deployment', 'web', '-n', tenant.namespace])), was);
    });
});

describe('A rollback of objects that the run created', { concurrency: 2 }, () => {
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'made-web' },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: 'made-web' } },
      template: {
        metadata: { labels: { app: 'made-web' } },
        spec: {
          terminationGracePeriodSeconds: 1,
          containers: [{ name: 'web', image: '$' + '{TOOLS_IMAGE}', command: ['sh', '-c', 'sleep 1d'] }],
        },
      },
    },
  };
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'made-web' },
    spec: { selector: { app: 'made-web' }, ports: [{ port: 80 }] },
  };
  const create = (object: object) => `echo '${JSON.stringify(object)}' | kubectl create -f -\n`;
  const playbooks = [
    failing('extended', 'kubectl create configmap extended --from-literal=a=1'),
    failing('labelled', 'kubectl create configmap labelled --from-literal=a=1'),
    failing('attached', 'kubectl create configmap attached --from-literal=a=1'),
    failing('untouched', 'kubectl create configmap untouched --from-literal=a=1'),
    failing('workload', create(deployment) + create(service)),
  ];
  let tenant: Tenant;
  before(async () => {
    tenant = await makeTenant('back-made', { policy, playbooks: playbooks.join('') });
  });

  /** Runs a Playbook, lets others do something before its verification fails, and answers with the end. */
  async function ended(playbook: string, others: () => Promise<unknown>) {
    const letGo = await hold(tenant, `held-${playbook}`);
    try {
      const action = await approved(tenant, playbook);
      await tenant.until(action, ['Verifying', ...END_STATES]);
      await others();
      await letGo();
      return await tenant.until(action, END_STATES);
    } catch (error) {
      await letGo();
      throw error;
    }
  }

  const extensions: Readonly<Record<string, { args: readonly string[]; field: string }>> = {
    extended: { args: ['--type=merge', '-p', '{"data":{"b":"of a tenant"}}'], field: '/data/b' },
    labelled: { args: ['--type=merge', '-p', '{"metadata":{"labels":{"keep":"me"}}}'], field: '/metadata/labels/keep' },
  };
  for (const [name, { args, field }] of Object.entries(extensions))
    it(`leaves a ConfigMap that somebody ${name} since, and says so`, async () => {
      const done = await ended(name, () => admin.kubectl(['patch', 'configmap', name, '-n', tenant.namespace, ...args]));
      assert.equal(stateOf(done), 'RollbackIncomplete', messageOf(done));
      assert.deepEqual(done.status?.rollback, [
        {
          effect: 0,
          outcome: 'Skipped',
          message: `others changed ${field} of the created object since; it is left as it is`,
        },
      ]);
      assert.match(messageOf(done), new RegExp(`others changed ${field}`));
      assert.ok(await exists(tenant, 'configmap', name));
    });

  it('leaves a ConfigMap to which somebody attached an object of theirs, and says so', async () => {
    const { namespace } = tenant;
    const done = await ended('attached', async () => {
      const made = await admin.get<{ metadata: { uid: string } }>(['configmap', 'attached', '-n', namespace]);
      const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'attached', uid: made.metadata.uid };
      const notes = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'notes', namespace, ownerReferences: [owner] } };
      await admin.apply(JSON.stringify({ ...notes, data: { mine: 'of a tenant' } }));
    });
    assert.equal(stateOf(done), 'RollbackIncomplete', messageOf(done));
    const [outcome] = done.status?.rollback ?? [];
    assert.equal(outcome?.outcome, 'Skipped');
    assert.match(outcome?.message ?? '', /others attached ConfigMap 'notes' to the created object since/);
    for (const name of ['attached', 'notes']) assert.ok(await exists(tenant, 'configmap', name), name);
  });

  it('deletes a ConfigMap that nobody touched', async () => {
    const done = await ended('untouched', async () => assert.ok(await exists(tenant, 'configmap', 'untouched')));
    assert.equal(stateOf(done), 'RolledBack', messageOf(done));
    assert.deepEqual(done.status?.rollback, [{ effect: 0, outcome: 'Restored' }]);
    assert.ok(!(await exists(tenant, 'configmap', 'untouched')));
  });

  it('deletes a Deployment and a Service that only controllers touched', async () => {
    const done = await ended('workload', () =>
      eventually('its pods', async () => {
        const ready = ['get', 'deployment', 'made-web', '-n', tenant.namespace, '-o', 'jsonpath={.status.readyReplicas}'];
        return (await admin.kubectl(ready)) === '2';
      }),
    );
    assert.equal(stateOf(done), 'RolledBack', messageOf(done));
    assert.deepEqual(done.status?.rollback, [
      { effect: 1, outcome: 'Restored' },
      { effect: 0, outcome: 'Restored' },
    ]);
    for (const kind of ['deployment', 'service']) assert.ok(!(await exists(tenant, kind, 'made-web')), kind);
  });
});

describe('A value of 400 kB', () => {
  // The same text each time it is made, and one that does not compress well.
  const text = (seed: number) =>
    `awk 'BEGIN { srand(${seed}); for (i = 0; i < 400000; i++) printf "%c", 97 + int(rand() * 26) }'`;
  const patch = (seed: number) =>
    `{ printf '{"data":{"text":"'; ${text(seed)}; printf '"}}'; } >/tmp/patch-${seed}.json
    kubectl patch configmap big --type=merge --patch-file=/tmp/patch-${seed}.json`;
  let tenant: Tenant;
  before(async () => {
    const playbooks = oneStep('large', ['sh', '-ec', patch(2)], {
      more: '  verify:\n  - {name: never, command: [sh, -c, "exit 1"]}\n',
    });
    tenant = await makeTenant('back-large', { policy, playbooks });
    const letters = Buffer.alloc(400_000);
    for (let index = 0, seed = 1; index < letters.length; index++) {
      seed = (seed * 48271) % 2147483647;
      letters[index] = 97 + (seed % 26);
    }
    const object = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'big', namespace: tenant.namespace },
      data: { text: letters.toString() },
    };
    await admin.kubectl(['create', '-f', '-'], { input: JSON.stringify(object) });
  });

  const value = () => admin.kubectl(['get', 'configmap', 'big', '-n', tenant.namespace, '-o', 'jsonpath={.data.text}']);
  const digest = (content: string) => createHash('sha256').update(content).digest('hex');

  it('is changed and restored', async () => {
    const was = digest(await value());
    const action = await approved(tenant, 'large');
    const verifying = await tenant.until(action, ['Verifying', 'RollingBack', ...END_STATES]);
    assert.notEqual(stateOf(verifying), 'RunFailed', messageOf(verifying));
    const done = await tenant.until(action, END_STATES);
    assert.equal(stateOf(done), 'RolledBack', messageOf(done));
    assert.equal(done.status?.stages?.find(({ stage }) => stage === 'run')?.outcome, 'Succeeded');
    assert.deepEqual(done.status?.rollback, [{ effect: 0, outcome: 'Restored' }]);
    assert.equal(digest(await value()), was);
  });
});
