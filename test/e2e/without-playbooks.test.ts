import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { admin, eventually } from '../lib/cluster.ts';
import { annotateWeb } from '../lib/one-step.ts';
import { policyAbout } from '../lib/people/requester.ts';
import { makeTenant, type Tenant } from '../lib/tenant.ts';

// The policies about schedules have the Playbooks of a namespace as their parameters.

describe('A namespace whose Playbooks are all deleted', { concurrency: false }, () => {
  let tenant: Tenant;
  let action = '';
  before(async () => {
    tenant = await makeTenant('without-playbooks', { playbooks: annotateWeb('touch'), policy: policyAbout('rita', 1) });
    await tenant.deploy('web');
    action = await tenant.file('touch', { key: 'a' });
    await tenant.until(action, ['AwaitingApproval']);
    await admin.kubectl(['delete', 'playbooks', '--all', '-n', tenant.namespace]);
  });

  it('refuses what it refused before, for the reason it had, and lets actions be edited and cancelled', async () => {
    const spec = { intent: { summary: 'x' }, playbookRef: { name: 'touch' } };
    const metadata = { name: 'another', namespace: tenant.namespace };
    const input = JSON.stringify({ apiVersion: 'sentinel.dev/v1alpha1', kind: 'AgentAction', metadata, spec });
    const filed = await tenant.agent.tryKubectl(['create', '-f', '-'], { input });
    assert.match(filed.stderr, /there is no Playbook 'touch' in this namespace/);
    const cancel = ['patch', 'agentaction', action, '-n', tenant.namespace, '--type=merge', '-p', '{"spec":{"cancelled":true}}'];
    const cancelled = await tenant.agent.tryKubectl(cancel);
    // Policy may have ended the action already, for the Playbook that is gone: it then says so.
    assert.doesNotMatch(cancelled.stderr, /no params found|sentinel-scheduled-actions/);
    await tenant.until(action, ['Cancelled', 'Denied']);
  });

  it('can be deleted', async () => {
    await admin.kubectl(['delete', 'namespace', tenant.namespace, '--wait=false']);
    await eventually(
      'the namespace to be gone',
      async () => (await admin.tryKubectl(['get', 'namespace', tenant.namespace])).code !== 0,
      120,
    );
  });
});
