import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { paths } from '@sentinel/cluster';
import { run } from '../../tools/run.ts';
import { chart, helm } from '../lib/chart/release.ts';
import { admin } from '../lib/cluster.ts';
import { makeTenant, messageOf, type Tenant } from '../lib/tenant.ts';

// Removes the installation and puts it back, so it runs after everything else.

interface Installed {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly annotations?: Record<string, string> };
}

const nameOf = ({ kind, metadata }: Installed) => [kind, metadata.namespace, metadata.name].filter(Boolean).join('/');
const isKept = ({ metadata }: Installed) => metadata.annotations?.['helm.sh/resource-policy'] === 'keep';

/** Which objects of a manifest exist. */
async function existing(manifest: string): Promise<Installed[]> {
  const list = await admin.kubectl(['get', '-f', '-', '--ignore-not-found', '-o', 'json'], { input: manifest });
  return list.trim() === '' ? [] : (JSON.parse(list) as { items: Installed[] }).items;
}

describe('An installation', { concurrency: false }, () => {
  let tenant: Tenant;
  let action: string;
  let values: string;
  let objects: Installed[];

  before(async () => {
    tenant = await makeTenant('chart');
    await tenant.deploy('web');
    action = await tenant.file('set-image', { deployment: 'web', container: 'web', image: tenant.image });
    await tenant.until(action, ['AwaitingApproval']);
    values = await helm('get', 'values', 'sentinel', '-o', 'json');
  });

  it('is uninstalled: of the chart stays what it keeps, and nothing else', async () => {
    const manifest = await helm('get', 'manifest', 'sentinel');
    objects = await existing(manifest);
    assert.ok(objects.length > 40, `${objects.length} objects`);
    await helm('uninstall', 'sentinel', '--wait', '--timeout', '120s');
    assert.deepEqual((await existing(manifest)).map(nameOf).sort(), objects.filter(isKept).map(nameOf).sort());
  });

  it('leaves what people made: policies, Playbooks, actions, plans and the floor', async () => {
    const left = await admin.kubectl([
      'get',
      'agentactions,actionplans,agentpolicies,playbooks',
      '-n',
      tenant.namespace,
      '-o',
      'name',
    ]);
    for (const kind of ['agentaction', 'actionplan', 'agentpolicy', 'playbook'])
      assert.match(left, new RegExp(`^${kind}\\.`, 'm'));
    await admin.kubectl(['get', 'clusteragentpolicy', 'sentinel-floor']);
  });

  it('is installed again over what was kept: what waited is told to be filed again, and new work is done', async () => {
    const reinstall = ['upgrade', '--install', 'sentinel', chart, '--values', '-', '--wait', '--timeout', '120s'];
    await run(paths.helm, reinstall, { env: { KUBECONFIG: paths.kubeconfig }, input: values });
    const { code, stderr } = await tenant.decide(tenant.approver, action, 'approve');
    assert.equal(code, 0, stderr);
    // The Service of the gateway has another address now, and it is in the pods that were approved.
    const denied = await tenant.until(action, ['Denied', 'Succeeded']);
    assert.match(messageOf(denied), /Sentinel or its settings changed\. Create the action again\. Nothing was changed\./);
    const again = await tenant.file('set-image', { deployment: 'web', container: 'web', image: tenant.image });
    await tenant.until(again, ['AwaitingApproval']);
    assert.equal((await tenant.decide(tenant.approver, again, 'approve')).code, 0);
    await tenant.until(again, ['Succeeded']);
  });
});
