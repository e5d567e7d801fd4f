import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { paths } from '@sentinel/cluster';
import { run, tryRun } from '../../tools/run.ts';
import { admin } from '../lib/cluster.ts';
import { makeTenant, messageOf, type Tenant } from '../lib/tenant.ts';

// Removes the installation and puts it back, so it runs after everything else.

const chart = new URL('../../charts/sentinel', import.meta.url).pathname;
const helm = (...args: string[]) => run(paths.helm, args, { env: { KUBECONFIG: paths.kubeconfig } });

interface Installed {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly annotations?: Record<string, string> };
}

const ALL_MONITORING = ['podMonitor', 'rules', 'dashboard'].flatMap((part) => ['--set', `monitoring.${part}.enabled=true`]);
const EVIDENCE = ['--set', 'evidence.enabled=true'];
const nameOf = ({ kind, metadata }: Installed) => [kind, metadata.namespace, metadata.name].filter(Boolean).join('/');
const isKept = ({ metadata }: Installed) => metadata.annotations?.['helm.sh/resource-policy'] === 'keep';

/** Which objects of a manifest exist. */
async function existing(manifest: string): Promise<Installed[]> {
  const list = await admin.kubectl(['get', '-f', '-', '--ignore-not-found', '-o', 'json'], { input: manifest });
  return list.trim() === '' ? [] : (JSON.parse(list) as { items: Installed[] }).items;
}

describe('The values of the chart', () => {
  const wrong = {
    'one that it does not know': 'nosuch=1',
    'no replica of the operator': 'operator.replicas=0',
    'an invalid age': 'webhook.sealKeyMaxAge=soon',
    'a user namespace that is neither': 'sandbox.userNamespaces=Maybe',
    'no image': 'image=',
    'an alert that it does not know': 'monitoring.rules.nosuch=true',
    'a runbook that is no address': 'monitoring.rules.runbooks=here',
  };
  for (const [what, value] of Object.entries(wrong))
    it(`are refused: ${what}`, async () => {
      const { code, stderr } = await tryRun(paths.helm, ['template', 'sentinel', chart, '--set', value]);
      assert.notEqual(code, 0, value);
      assert.match(stderr, /values don't meet the specifications of the schema/);
    });

  it('render every object once, with and without the optional ones', async () => {
    for (const sets of [
      [],
      ['--set', 'crds.install=false,floor.install=false,namespaces.create=false'],
      ALL_MONITORING,
      EVIDENCE,
    ]) {
      const rendered = await helm('template', 'sentinel', chart, ...sets);
      const names = rendered.split(/^---$/m).flatMap((text) => {
        const [kind, name, namespace] = ['kind', ' {2}name', ' {2}namespace'].map(
          (key) => new RegExp(`^${key}: (\\S+)$`, 'm').exec(text)?.[1] ?? '',
        );
        return name ? [`${kind}/${namespace}/${name}`] : [];
      });
      assert.ok(names.length > 40, `${names.length} objects`);
      assert.equal(new Set(names).size, names.length);
    }
  });
});

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
