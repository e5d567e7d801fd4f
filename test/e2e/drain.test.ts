import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { admin, eventually, policyForAnyPlaybook } from '../lib/cluster.ts';
import { hold, whileHeld } from '../lib/hold.ts';
import { imageOnly } from '../lib/image-only.ts';
import { oneStep } from '../lib/one-step.ts';
import { makeTenant, messageOf, stateOf, type Tenant } from '../lib/tenant.ts';

// What `kubectl drain` and autoscalers do with sandboxes, by the same calls: one that runs stays, one that has ended goes.

const SANDBOXES = 'sentinel-sandboxes';
const DRAINER = 'drain-somebody';
const over = ['Succeeded', 'RunFailed', 'RehearsalFailed', 'Blocked', 'Denied', 'RolledBack', 'NoEffect'];
const policy = policyForAnyPlaybook();

interface Pod {
  readonly metadata: {
    readonly name: string;
    readonly labels: Record<string, string>;
    readonly annotations: Record<string, string>;
  };
  readonly status: { readonly phase: string };
}
const podOf = async ({ namespace }: Tenant, stage: string): Promise<Pod | undefined> => {
  const { items } = await admin.get<{ items: Pod[] }>(['pods', '-n', SANDBOXES, '-l', `sentinel.dev/stage=${stage}`]);
  return items.find(({ metadata }) => metadata.annotations['sentinel.dev/namespace'] === namespace);
};

const as = ['--as', DRAINER];
const evict = (name: string) =>
  admin.tryKubectl([...as, 'create', '--raw', `/api/v1/namespaces/${SANDBOXES}/pods/${name}/eviction`, '-f', '-'], {
    input: JSON.stringify({ apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace: SANDBOXES } }),
  });
const remove = (name: string) => admin.tryKubectl([...as, 'delete', 'pod', name, '-n', SANDBOXES, '--wait=false']);

describe('A sandbox on a node that is drained', { concurrency: false }, () => {
  const role = { name: DRAINER, namespace: SANDBOXES };
  before(async () => {
    const group = 'rbac.authorization.k8s.io';
    await admin.apply(
      [
        {
          apiVersion: `${group}/v1`,
          kind: 'Role',
          metadata: role,
          rules: [
            { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'delete'] },
            { apiGroups: [''], resources: ['pods/eviction'], verbs: ['create'] },
          ],
        },
        {
          apiVersion: `${group}/v1`,
          kind: 'RoleBinding',
          metadata: role,
          roleRef: { apiGroup: group, kind: 'Role', name: DRAINER },
          subjects: [{ kind: 'User', apiGroup: group, name: DRAINER }],
        },
      ]
        .map((object) => JSON.stringify(object))
        .join('\n---\n'),
    );
  });
  after(async () => {
    await admin.tryKubectl(['delete', 'role,rolebinding', DRAINER, '-n', SANDBOXES, '--ignore-not-found']);
  });

  it('stays while it runs, and goes when it has ended', { timeout: 240_000 }, async (context) => {
    const script = `kubectl annotate deployment web touched=yes; if [ "$(kubectl get deployment web -o 'jsonpath={.metadata.annotations.real}')" = yes ]; then ${whileHeld('held')}; fi`;
    const tenant = await makeTenant('drain', { policy, playbooks: oneStep('touch', ['sh', '-ec', script]) });
    const { spec, ...rest } = imageOnly('web', tenant.namespace);
    await admin.apply(JSON.stringify({ ...rest, spec: { ...spec, replicas: 1, paused: true } }));
    const action = await tenant.file('touch');
    const planned = await tenant.until(action, ['AwaitingApproval', ...over]);
    assert.equal(stateOf(planned), 'AwaitingApproval', messageOf(planned));
    await admin.kubectl(['annotate', 'deployment', 'web', '-n', tenant.namespace, 'real=yes']);
    const letGo = await hold(tenant, 'held');
    await tenant.decide(tenant.approver, action, 'approve');
    const running = await eventually('a step of the run', async () => {
      const touched = await admin.kubectl([
        'get',
        'deployment',
        'web',
        '-n',
        tenant.namespace,
        '-o',
        'jsonpath={.metadata.annotations.touched}',
      ]);
      return touched === 'yes' ? await podOf(tenant, 'run') : undefined;
    });
    // Its steps are init containers: Pending, which no PodDisruptionBudget holds.
    assert.equal(running.status.phase, 'Pending');
    assert.deepEqual(
      ['cluster-autoscaler.kubernetes.io/safe-to-evict', 'karpenter.sh/do-not-disrupt'].map(
        (key) => running.metadata.annotations[key],
      ),
      ['false', 'true'],
    );
    const evicted = await evict(running.metadata.name);
    context.diagnostic(evicted.stderr.trim());
    assert.equal(evicted.code, 1);
    assert.match(
      evicted.stderr,
      new RegExp(`sentinel: the sandbox '${running.metadata.name}' \\(action ${tenant.namespace}/${action}\\) has not ended`),
    );
    const removed = await remove(running.metadata.name);
    context.diagnostic(removed.stderr.trim());
    assert.equal(removed.code, 1);
    assert.match(removed.stderr, /has not ended/);

    // The sandbox of the rehearsal has ended: the drain takes it.
    const rehearsal = (await podOf(tenant, 'rehearsal')) ?? assert.fail('the sandbox of the rehearsal is gone');
    assert.equal(rehearsal.status.phase, 'Succeeded');
    const taken = await evict(rehearsal.metadata.name);
    assert.equal(taken.code, 0, taken.stderr);
    await eventually('the eviction', async () => (await podOf(tenant, 'rehearsal')) === undefined);

    await letGo();
    const done = await tenant.until(action, over);
    assert.equal(stateOf(done), 'Succeeded', messageOf(done));
    const gone = await eventually('the deletion', async () => {
      const { code, stderr } = await remove(running.metadata.name);
      if (code !== 0) throw new Error(stderr);
      return true;
    });
    assert.ok(gone);
    await eventually('its end', async () => (await podOf(tenant, 'run')) === undefined);
    // Nobody made another pod for it, and what is known about the run stays.
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    assert.equal(await podOf(tenant, 'run'), undefined);
    const after = await tenant.action(action);
    assert.deepEqual(
      [stateOf(after), after.status?.stages?.map(({ outcome }) => outcome)],
      [stateOf(done), done.status?.stages?.map(({ outcome }) => outcome)],
    );
  });
});
