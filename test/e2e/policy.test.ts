import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { admin, example } from '../lib/cluster.ts';
import { makeTenant, messageOf, stateOf, type Tenant } from '../lib/tenant.ts';

// Policies that change while an action waits: stricter stops a start, looser never helps a plan that is pending.

/** A tenant whose Deployment waits for another image, and an action that waits for people. */
async function waiting(name: string, approvals = 1): Promise<{ tenant: Tenant; action: string }> {
  const policy = example('shop/policy.yaml').replace('approvals: 1', `approvals: ${approvals}`);
  const tenant = await makeTenant(name, { policy });
  await tenant.deploy('web');
  const action = await tenant.file('set-image', { deployment: 'web', container: 'web', image: tenant.image });
  await tenant.until(action, ['AwaitingApproval']);
  return { tenant, action };
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 2500));

describe('A policy that changes while an action waits', { concurrency: 2 }, () => {
  it('ends it at once when it denies now what the plan does', async () => {
    const { tenant, action } = await waiting('policy-denies');
    await tenant.setPolicy({
      kubernetes: [{ apiGroups: ['apps'], resources: ['deployments'], verbs: ['get'], decision: 'Allow' }],
    });
    const ended = await tenant.until(action, ['Denied']);
    assert.match(
      messageOf(ended),
      /policy is stricter now: patch deployments\.apps in namespace '[a-z0-9-]+' is denied: no rule allows it \(AgentPolicy\//,
    );
  });

  it('asks for more approvals when it wants more now', async () => {
    const { tenant, action } = await waiting('policy-two');
    await tenant.setPolicy({
      approvals: [{ upToRisk: 'High', approvals: 2, groups: ['shop-approvers'], expiresAfter: '1h' }],
    });
    assert.equal((await tenant.decide(tenant.approver, action, 'approve')).code, 0);
    await settle();
    const { status } = await tenant.action(action);
    assert.match(status?.conditions?.find(({ type }) => type === 'Approved')?.message ?? '', /1 of 2 approvals/);
    assert.equal(stateOf(await tenant.action(action)), 'AwaitingApproval');
  });

  it('ends it when a rule about high risk came since that nothing covers', async () => {
    const { tenant, action } = await waiting('policy-risk');
    await tenant.setPolicy({
      highRisk: [{ apiGroups: ['apps'], resources: ['deployments'], raiseTo: 'Critical', justification: 'An incident.' }],
    });
    assert.match(messageOf(await tenant.until(action, ['Denied'])), /no entry of `approvals` covers the risk 'Critical'/);
  });

  it('reaches it as a label of the namespace as well: its environment, or that it has opted in', async () => {
    const labels = [
      [{ 'sentinel.dev/environment': 'production' }, /the environment of the namespace changed from '[a-z]+' to 'production'/],
      [{ 'sentinel.dev/enabled': null }, /has not opted in/],
    ] as const;
    await Promise.all(
      labels.map(async ([change, message], index) => {
        const { tenant, action } = await waiting(`policy-labels-${index}`);
        await admin.kubectl([
          'patch',
          'namespace',
          tenant.namespace,
          '--type=merge',
          '-p',
          JSON.stringify({ metadata: { labels: change } }),
        ]);
        assert.match(messageOf(await tenant.until(action, ['Denied'])), message);
      }),
    );
  });

  it('does not help a pending plan when it becomes looser', async () => {
    const { tenant, action } = await waiting('policy-looser', 2);
    await tenant.setPolicy({ approvals: [{ upToRisk: 'High', approvals: 1, expiresAfter: '1h' }] });
    assert.equal((await tenant.decide(tenant.approver, action, 'approve')).code, 0);
    await settle();
    assert.equal(stateOf(await tenant.action(action)), 'AwaitingApproval');
  });

  it('costs no second review when the change is neutral', async () => {
    const { tenant, action } = await waiting('policy-neutral');
    await tenant.setPolicy({ limits: { duration: '2m', objects: 4 } });
    assert.equal((await tenant.decide(tenant.approver, action, 'approve')).code, 0);
    await tenant.until(action, ['Succeeded']);
  });

  it('holds starts while it is suspended; lifting it resumes nothing by itself', async () => {
    const { tenant, action } = await waiting('policy-suspended');
    await tenant.setPolicy({ suspended: true });
    await tenant.until(action, ['Suspended']);
    assert.equal((await tenant.decide(tenant.approver, action, 'approve')).code, 0);
    await settle();
    assert.equal(stateOf(await tenant.action(action)), 'Suspended');
    await assert.rejects(tenant.file('health-check'), /the kill switch is on \(AgentPolicy\/[a-z0-9-]+: suspended\)/);
    await tenant.setPolicy({ suspended: false });
    const resumed = await tenant.until(action, ['AwaitingApproval']);
    assert.match(messageOf(resumed), /the kill switch was turned off\. Earlier approvals no longer count/);
    await settle();
    const again = await tenant.action(action);
    assert.equal(stateOf(again), 'AwaitingApproval');
    assert.match(again.status?.decisions?.[0]?.why ?? '', /before the kill switch was turned off/);
    assert.equal((await tenant.decide(tenant.approver, action, 'approve')).code, 0);
    await tenant.until(action, ['Succeeded']);
  });

  it('refuses when it is deleted: without a policy the answer is no', async () => {
    const { tenant, action } = await waiting('policy-gone');
    await admin.kubectl(['delete', 'agentpolicy', tenant.namespace, '-n', tenant.namespace]);
    const ended = await tenant.until(action, ['Denied']);
    assert.match(messageOf(ended), /no AgentPolicy in namespace '[a-z0-9-]+' applies to/);
  });
});
