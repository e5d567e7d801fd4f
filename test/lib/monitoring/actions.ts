import assert from 'node:assert/strict';
import { type Playbook, playbooks } from '@sentinel/crds';
import { parse } from 'yaml';
import { admin, eventually, policyForAnyPlaybook } from '../cluster.ts';
import { oneStep } from '../one-step.ts';
import { approve, rehearsed } from '../runs.ts';
import { client, makeTenant, type Tenant } from '../tenant.ts';
import { policyForSchedules, trusterMayUse } from '../worlds/schedules.ts';

// Actions that alerts are about.

/** A namespace whose approved actions are held back by a freeze. */
export async function makeFrozen(): Promise<Tenant> {
  const tenant = await makeTenant('alerts-frozen');
  await tenant.deploy('web');
  await tenant.setPolicy({ freeze: [{ schedule: '* * * * *', duration: '1h', reason: 'a test of alerts' }] });
  return tenant;
}

/** Files that many actions there, and one that is approved; all others wait for people. */
export async function fileWaiting(tenant: Tenant, count: number): Promise<void> {
  const parameters = { deployment: 'web', container: 'web', image: tenant.image };
  const all = Array.from({ length: count + 1 }, () => rehearsed(tenant, 'set-image', parameters));
  const [approved = ''] = await Promise.all(all);
  await approve(tenant, approved);
  await tenant.until(approved, ['Starting']);
}

/**
 * A namespace with Playbooks: one whose checks fail and that has no rollback, one that creates a ConfigMap, two that do what policy forbids,
 * and one that nobody trusts.
 */
export async function makeFailing(): Promise<Tenant> {
  const withoutRollback = oneStep('left', ['kubectl', 'annotate', 'deployment', 'web', 'left=yes'], {
    more: '  verify: [{name: check, command: [sh, -c, "exit 1"]}]\n',
  }).replace('{from: PreImages}', '{from: None, reason: a test of alerts}');
  const tenant = await makeTenant('alerts-failing', {
    playbooks:
      withoutRollback +
      oneStep('sent', ['kubectl', 'create', 'configmap', 'sent']) +
      oneStep('forbidden', ['kubectl', 'delete', 'deployment', 'web']) +
      oneStep('too-many', ['sh', '-c', 'for i in 1 2 3 4 5 6; do kubectl create configmap too-many-$i; done']),
    policy: policyForAnyPlaybook().replace(
      '  - apiGroups: [apps]\n    resources: [deployments, deployments/scale]',
      '  - {apiGroups: [""], resources: [configmaps], verbs: [create], decision: RequireApproval}\n  - apiGroups: [apps]\n    resources: [deployments, deployments/scale]',
    ),
  });
  await tenant.deploy('web');
  await admin.apply(
    inNamespace(tenant, oneStep('untrusted', ['kubectl', 'get', 'pods'], { profile: 'Observe', image: tenant.image })),
  );
  return tenant;
}

const SCHEDULES_NAME = 'alerts-schedules';

/** A namespace with a Playbook that runs each minute and has failed. */
export async function makeUnhealthy(): Promise<Tenant> {
  const schedule = '  schedule: {cron: "* * * * *", startingDeadlineSeconds: 30}\n';
  const tenant = await makeTenant(SCHEDULES_NAME, {
    playbooks:
      oneStep('unhealthy', ['kubectl', 'get', 'deployment', 'missing'], { profile: 'Observe', more: schedule }) +
      `---${trusterMayUse}`,
    policy: policyForSchedules(),
  });
  await eventually(
    'a schedule that is not healthy',
    async () => isUnhealthy(await client.getOrThrow(playbooks, { name: 'unhealthy', namespace: tenant.namespace })),
    120,
  );
  return tenant;
}

const isUnhealthy = ({ status }: Playbook): boolean =>
  status?.conditions?.some(({ type, status: is }) => type === 'Healthy' && is === 'False') === true;

/** Whether other tests have left a schedule behind that is not healthy. */
export async function hasUnhealthySchedule(): Promise<boolean> {
  const { items } = await client.list(playbooks);
  return items.some((playbook) => isUnhealthy(playbook) && !playbook.metadata.namespace?.startsWith(SCHEDULES_NAME));
}

/** Creates an action whose sandbox is refused a request, one whose plan is refused, and one that is refused at once. */
export async function fileRefused(tenant: Tenant): Promise<void> {
  const names = await Promise.all([tenant.file('forbidden'), tenant.file('too-many')]);
  await Promise.all(names.map((name) => tenant.until(name, ['Denied', 'RehearsalFailed'])));
  await assert.rejects(tenant.file('untrusted'), /trust/);
}

const inNamespace = ({ namespace }: Tenant, manifests: string) =>
  manifests.replaceAll('namespace: shop', `namespace: ${namespace}`);

/** Writes that many Playbooks. Their changes are recorded meanwhile: only some of them may wait for that. */
export async function writePlaybooks(tenant: Tenant, count: number): Promise<void> {
  const one = (index: number) =>
    oneStep(`many-${index}`, ['kubectl', 'get', 'pods'], { profile: 'Observe', image: tenant.image });
  for (let index = 0; index < count; index += 1) {
    const playbook = parse(inNamespace(tenant, one(index))) as Playbook;
    await eventually(playbook.metadata.name ?? '', async () => await client.create(playbooks, playbook));
  }
}
