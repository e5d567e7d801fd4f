import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { agentActions, annotations, clusterAgentPolicies, type Playbook, playbooks } from '@sentinel/crds';
import { cronjobs } from '@sentinel/kube';
import { playbookDigest } from '@sentinel/policy';
import { aPlaybookSpec } from '@sentinel/policy/testing';
import { admin, eventually, type Person, person, policyForAnyPlaybook } from '../lib/cluster.ts';
import { accepted, refused } from '../lib/people/answers.ts';
import { client, makeTenant, messageOf, type Tenant } from '../lib/tenant.ts';

// A Playbook that the floor trusts by digest: in every namespace, as long as it is unchanged, and with what its authors may lend.

const FLOOR = { name: 'sentinel-floor' };
const DRY = '--dry-run=server';
const schedule = { cron: '* * * * *' };

// Olga may write Playbooks and use their account; Pat may only write them.
const rights = `
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: authors, namespace: shop}
rules: [{apiGroups: [sentinel.dev], resources: [playbooks], verbs: [get, create, update, patch, delete]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: authors, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: authors}
subjects: [{kind: User, apiGroup: rbac.authorization.k8s.io, name: olga}, {kind: User, apiGroup: rbac.authorization.k8s.io, name: pat}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: lenders, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: sentinel-use}
subjects: [{kind: User, apiGroup: rbac.authorization.k8s.io, name: olga}]`;

describe('A Playbook that the floor trusts by digest', { concurrency: false }, () => {
  let [one, two]: readonly Tenant[] = [];
  let [olga, pat]: readonly Person[] = [];
  let spec: Playbook['spec'];
  const tenants = () => [one, two].filter((tenant) => tenant !== undefined);
  const in1 = () => tenants()[0] as Tenant;

  const trustedByFloor = async (): Promise<{ digest: string; name?: string | undefined; comment?: string | undefined }[]> =>
    (await client.getOrThrow(clusterAgentPolicies, FLOOR)).spec.playbooks.trustedDigests ?? [];
  const setFloor = async (named: boolean) => {
    const digest = playbookDigest({ spec });
    const others = (await trustedByFloor()).filter((entry) => entry.digest !== digest);
    const trustedDigests = named ? [...others, { digest, name: 'pulse' }] : others;
    await client.patch(clusterAgentPolicies, FLOOR, { spec: { playbooks: { trustedDigests } } }, { type: 'merge' });
  };
  const read = ({ namespace }: Tenant) => client.getOrThrow(playbooks, { name: 'pulse', namespace });
  const conditionOf = async (tenant: Tenant, type: string, status: string, message: RegExp) =>
    await eventually(
      `${type}=${status} ${message} in ${tenant.namespace}`,
      async () => {
        const { status: now, metadata } = await read(tenant);
        const found = now?.conditions?.find((condition) => condition.type === type);
        if (found?.status === status && found.observedGeneration === metadata.generation && message.test(found.message))
          return now;
        throw new Error(`${found?.status}: ${found?.message}`);
      },
      60,
    );
  const suspensionOf = async ({ namespace }: Tenant) => {
    const { items } = await client.list(cronjobs, { namespace: 'sentinel-schedules' });
    const found = items.find(({ metadata }) => metadata.annotations?.[annotations.playbook] === `${namespace}/pulse`);
    return found && [(found.spec as { suspend: boolean }).suspend, found.metadata.annotations?.[annotations.suspendedBecause]];
  };
  const suspendedFor = async (tenant: Tenant, why: RegExp) => {
    await conditionOf(tenant, 'Scheduled', 'False', why);
    const [suspended, because = ''] = (await suspensionOf(tenant)) ?? [];
    assert.equal(suspended, true);
    assert.match(String(because), why);
  };
  const edit = async (who: Person | undefined, { namespace }: Tenant, change: object) =>
    accepted(
      (await who?.tryKubectl(['patch', 'playbook', 'pulse', '-n', namespace, '--type=merge', '-p', JSON.stringify(change)])) ?? {
        code: 1,
        stderr: 'nobody',
      },
    );
  const fileRefused = async ({ agent, namespace }: Tenant, why: RegExp) => {
    const action = {
      metadata: { generateName: 'pulse-', namespace },
      spec: { intent: { summary: 's' }, playbookRef: { name: 'pulse' } },
    };
    const input = JSON.stringify({ apiVersion: 'sentinel.dev/v1alpha1', kind: 'AgentAction', ...action });
    refused(await agent.tryKubectl(['create', '-f', '-', DRY], { input }), why);
  };

  before(async () => {
    const subjects = '  subjects:\n  - {kind: ServiceAccount, name: schedule, namespace: sentinel-schedules}\n';
    const policy = policyForAnyPlaybook().replace('  subjects:\n', subjects);
    [one, two] = await Promise.all(['floor-one', 'floor-two'].map((name) => makeTenant(name, { policy, playbooks: rights })));
    [olga, pat] = await Promise.all([person('olga', []), person('pat', [])]);
    spec = aPlaybookSpec({
      category: 'EnvironmentHealth',
      description: 'Counts the pods of the namespace.',
      account: 'remediator',
      sandbox: { profile: 'Observe', image: in1().image },
      steps: [{ name: 'look', command: ['kubectl', 'get', 'pods'] }],
      schedule,
    });
    for (const { namespace } of tenants())
      await olga?.apply(
        JSON.stringify({ apiVersion: 'sentinel.dev/v1alpha1', kind: 'Playbook', metadata: { name: 'pulse', namespace }, spec }),
      );
  });

  after(async () => {
    await setFloor(false);
    for (const { namespace } of tenants()) await admin.tryKubectl(['delete', 'playbook', 'pulse', '-n', namespace]);
  });

  it('has one digest in every namespace, and is not trusted before it is named', async () => {
    for (const tenant of tenants()) {
      const status = await conditionOf(tenant, 'Trusted', 'False', /nobody has sealed its digest/);
      assert.equal(status.digest, playbookDigest({ spec }));
      await fileRefused(tenant, /the Playbook is not trusted/);
      await suspendedFor(tenant, /is not trusted/);
    }
    const file = JSON.stringify({ apiVersion: 'sentinel.dev/v1alpha1', kind: 'Playbook', metadata: { name: 'pulse' }, spec });
    const printed = await admin.sentinel(['digests', '-f', '-', '-o', 'yaml'], { input: file });
    assert.equal(printed.trim(), `- digest: ${playbookDigest({ spec })}\n  name: pulse`);
  });

  it('may be named by a policy of the cluster for everyone, and by nothing else', async () => {
    const trustedDigests = [{ digest: playbookDigest({ spec }) }];
    const policy = (kind: string, metadata: object, more: object = {}) =>
      JSON.stringify({ apiVersion: 'sentinel.dev/v1alpha1', kind, metadata, spec: { playbooks: { trustedDigests }, ...more } });
    const create = (input: string) => admin.tryKubectl(['create', '-f', '-', DRY], { input });
    refused(
      await create(policy('AgentPolicy', { name: 'mine', namespace: in1().namespace })),
      /spec\.playbooks\.trustedDigests: Forbidden: `trustedDigests` may only be set in a ClusterAgentPolicy/,
    );
    refused(
      await create(policy('ClusterAgentPolicy', { name: 'mine' }, { subjects: [{ kind: 'Group', name: 'agents' }] })),
      /spec\.playbooks\.trustedDigests: Forbidden: .* without `subjects`/,
    );
  });

  it('runs in both namespaces, and on schedule on behalf of its author, once the floor names its digest', async () => {
    await setFloor(true);
    const files = tenants().map(async (tenant) => {
      const status = await conditionOf(tenant, 'Trusted', 'True', /^trusted by ClusterAgentPolicy\/sentinel-floor$/);
      assert.deepEqual([status.trustedBy, status.trustedByPolicies], [undefined, ['sentinel-floor']]);
      await conditionOf(tenant, 'Scheduled', 'True', /on behalf of olga/);
      const ended = await tenant.until(await tenant.file('pulse'), ['NoEffect', 'Denied', 'RehearsalFailed']);
      assert.match(JSON.stringify(ended.status?.conditions), /"NoEffect"/, messageOf(ended));
    });
    await Promise.all(files);
    const { namespace } = in1();
    const filed = await eventually(
      'an action of the schedule',
      async () =>
        (await client.list(agentActions, { namespace })).items.find(({ metadata }) => /-scheduled-/.test(metadata.name)),
      120,
    );
    assert.deepEqual(filed.spec.onBehalfOf, { user: 'olga', authors: ['olga'] });
    const ended = await in1().until(filed.metadata.name, ['NoEffect', 'Denied', 'RehearsalFailed']);
    assert.match(JSON.stringify(ended.status?.conditions), /"NoEffect"/, messageOf(ended));
  });

  it('is not trusted when one character changes, and others are not affected', async () => {
    await edit(olga, in1(), { spec: { description: 'Counts the pods of the namespace!' } });
    await fileRefused(in1(), /the Playbook is not trusted: nobody has sealed its digest/);
    await suspendedFor(in1(), /is not trusted/);
    assert.equal((await suspensionOf(tenants()[1] as Tenant))?.[0], false);
  });

  it('has no schedule if one of its authors may not use its account', async () => {
    await edit(pat, in1(), { spec: { description: 'Counts the pods of the namespace.' } });
    await conditionOf(in1(), 'Trusted', 'True', /sentinel-floor/);
    await suspendedFor(
      in1(),
      /its authors lend its account, and not each of them \(olga, pat\) holds the verb 'use' on accounts/,
    );
    // The requester of an ordinary action holds that right itself.
    const { agent, namespace } = in1();
    accepted(await agent.tryKubectl(['get', 'playbook', 'pulse', '-n', namespace]));
    assert.equal((await in1().until(await in1().file('pulse'), ['NoEffect', 'Denied'])).status?.conditions?.length !== 0, true);
  });

  it('is not trusted where somebody withdraws it, or has it no more once the floor does not name it', async () => {
    const [, other] = tenants();
    await in1().truster.sentinel(['distrust', 'pulse', '-n', in1().namespace, '--yes']);
    // The floor would trust it again without the withdrawal.
    await admin.kubectl(['annotate', 'playbook', 'pulse', 'sentinel.dev/trust-', '-n', in1().namespace]);
    await fileRefused(in1(), /the Playbook is not trusted: tess withdrew the trust/);
    await setFloor(false);
    await fileRefused(other as Tenant, /the Playbook is not trusted: nobody has sealed its digest/);
    await suspendedFor(other as Tenant, /is not trusted/);
  });
});
