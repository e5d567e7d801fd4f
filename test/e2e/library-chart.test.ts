import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { paths } from '@sentinel/cluster';
import { agentActions, clusterAgentPolicies, playbooks } from '@sentinel/crds';
import { run } from '../../tools/run.ts';
import { admin, eventually, serviceAccount } from '../lib/cluster.ts';
import { loadedImages } from '../lib/images.ts';
import { client, makeTenant, messageOf, type Tenant } from '../lib/tenant.ts';

// The chart sentinel-library in two namespaces: installed by an admin, trusted once by the floor, upgraded without a gap.

const chart = new URL('../../charts/sentinel-library', import.meta.url).pathname;
const FLOOR = { name: 'sentinel-floor' };
const NAME = 'namespace-health';

describe('The library as a chart', { concurrency: false }, () => {
  let tenants: Tenant[] = [];
  const named: string[] = [];
  const first = () => tenants[0] as Tenant;
  const helm = (verb: string[], schedule = '0 3 * * *', more: string[] = []) => {
    const values = [
      `namespaces={${tenants.map(({ namespace }) => namespace).join(',')}}`,
      `image=${loadedImages().tools}`,
      `playbooks={${NAME}}`,
      `schedules.${NAME}.cron=${schedule}`,
    ].flatMap((value) => ['--set', value]);
    const args = [...verb, 'library', chart, '-n', first().namespace, ...values, ...more];
    return run(paths.helm, args, { env: { KUBECONFIG: paths.kubeconfig } });
  };
  const digestOf = async (tenant: Tenant) =>
    (await client.getOrThrow(playbooks, { name: NAME, namespace: tenant.namespace })).status?.digest;
  const conditionOf = async ({ namespace }: Tenant, type: string) => {
    const { status, metadata } = await client.getOrThrow(playbooks, { name: NAME, namespace });
    const found = status?.conditions?.find((condition) => condition.type === type);
    return found?.observedGeneration === metadata.generation ? found : undefined;
  };
  const becomes = (tenant: Tenant, type: string, status: string) =>
    eventually(`${type}=${status}`, async () => (await conditionOf(tenant, type))?.status === status, 60);
  const nameInFloor = async (...digests: string[]) => {
    const { spec } = await client.getOrThrow(clusterAgentPolicies, FLOOR);
    const others = (spec.playbooks.trustedDigests ?? []).filter(({ digest }) => !named.includes(digest));
    named.push(...digests);
    const trustedDigests = [...others, ...digests.map((digest) => ({ digest, name: NAME }))];
    await client.patch(clusterAgentPolicies, FLOOR, { spec: { playbooks: { trustedDigests } } }, { type: 'merge' });
  };
  const inNotes = (text: string) =>
    [...text.matchAll(/^- \{digest: "(sha256:\w+)", name: \S+, comment: "library \S+"\}(.*)$/gm)].map(([, ...found]) => found);

  before(async () => {
    tenants = await Promise.all([makeTenant('chart-one'), makeTenant('chart-two')]);
    for (const { namespace } of tenants)
      await admin.sentinel([
        'account',
        'create',
        'inspector',
        '-n',
        namespace,
        '--role',
        'view',
        '--user',
        `${namespace}:${NAME}`,
      ]);
  });

  after(async () => {
    await nameInFloor();
    const { namespace } = first();
    await run(paths.helm, ['uninstall', 'library', '-n', namespace], { env: { KUBECONFIG: paths.kubeconfig } });
  });

  it('says by which digest the floor can trust it, the same in every namespace', async () => {
    const notes = inNotes(await helm(['install']));
    for (const tenant of tenants) {
      await becomes(tenant, 'Trusted', 'False');
      assert.deepEqual(notes, [[await digestOf(tenant), '   # new: the floor does not trust it']]);
      await becomes(tenant, 'Scheduled', 'False');
    }
    await nameInFloor((await digestOf(first())) ?? '');
    for (const tenant of tenants) {
      await becomes(tenant, 'Trusted', 'True');
      await becomes(tenant, 'Scheduled', 'True');
    }
  });

  it('runs under its policy in both namespaces', async () => {
    const runs = tenants.map(async (tenant) => {
      const agent = await serviceAccount(tenant.namespace, NAME);
      const spec = { intent: { summary: 'What is wrong?', agent: { name: 'codex' } }, playbookRef: { name: NAME } };
      const metadata = { name: 'look', namespace: tenant.namespace };
      await agent.apply(JSON.stringify({ apiVersion: 'sentinel.dev/v1alpha1', kind: 'AgentAction', metadata, spec }));
      const ended = await tenant.until('look', ['NoEffect', 'Denied', 'RehearsalFailed']);
      assert.match(JSON.stringify(ended.status?.conditions), /"NoEffect"/, messageOf(ended));
    });
    await Promise.all(runs);
  });

  it('is upgraded without a gap if the new digests are named first', async () => {
    const cron = '0 4 * * *';
    const manifest = await helm(['template'], cron);
    const input = { input: manifest };
    const printed = await admin.sentinel(['digests', '-f', '-', '--untrusted', '-o', 'jsonpath={[0].digest}'], input);
    const before = (await digestOf(first())) ?? '';
    await nameInFloor(before, printed.trim());
    const since = (await conditionOf(first(), 'Scheduled'))?.lastTransitionTime;
    assert.deepEqual(inNotes(await helm(['upgrade'], cron)), [[printed.trim(), '']]);
    await becomes(first(), 'Trusted', 'True');
    assert.equal(await digestOf(first()), printed.trim());
    await becomes(first(), 'Scheduled', 'True');
    assert.equal((await conditionOf(first(), 'Scheduled'))?.lastTransitionTime, since);
  });

  it('says what is new if they are not, and the schedule waits', async () => {
    const notes = inNotes(await helm(['upgrade'], '0 5 * * *'));
    await becomes(first(), 'Scheduled', 'False');
    assert.deepEqual(notes, [[await digestOf(first()), '   # new: the floor does not trust it']]);
    const listed = await admin.sentinel(['digests', NAME, '-n', first().namespace, '--untrusted']);
    assert.match(listed, /^namespace-health +1 +0\/1 +no +sha256:/m);
    const { items } = await client.list(agentActions, { namespace: first().namespace });
    assert.ok(items.every(({ metadata }) => metadata.name === 'look'));
  });
});
