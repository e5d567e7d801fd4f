import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { admin, eventually, type Person, person } from '../lib/cluster.ts';
import { ofAction, ofObject, owner, recorded, waiting } from '../lib/people/recorded-acts.ts';
import { makeTenant, messageOf, type Tenant } from '../lib/tenant.ts';

// What holds an action back: the kill switch, a freeze, and that nobody may approve it.

describe('The kill switch', { concurrency: false }, () => {
  let tenant: Tenant;
  let sid: Person;
  let action: string;
  const policy = () => ['agentpolicy', tenant.namespace, '-n', tenant.namespace];
  const turn = (on: boolean) =>
    sid.kubectl(['patch', ...policy(), '--type=merge', '-p', JSON.stringify({ spec: { suspended: on } })]);

  before(async () => {
    tenant = await makeTenant('acts-switch');
    await tenant.deploy('web');
    sid = await owner('sid', tenant.namespace);
    action = await waiting(tenant);
  });

  it('tells who turned it on and when: in the policy, in the action, and at the Collector', async () => {
    await turn(true);
    const held = await tenant.until(action, ['Suspended']);
    assert.match(messageOf(held), /held by the kill switch of AgentPolicy\/acts-switch-[0-9a-f]+ \(by sid since 20/);
    const status = await admin.get<{ status: { suspension: { suspended: boolean; by: string } } }>(policy());
    assert.deepEqual([status.status.suspension.suspended, status.status.suspension.by], [true, 'sid']);
    assert.equal(
      (await recorded('PolicySuspended', ofObject(tenant.namespace, tenant.namespace))).attributes['sentinel.actor'],
      'sid',
    );
    assert.equal((await recorded('Suspended', ofAction(tenant.namespace, action))).attributes['sentinel.actor'], 'sid');
  });

  it('has an Event on the policy that names who it was', async () => {
    await eventually('the Event', async () => {
      const { items } = await admin.get<{ items: { reason: string; message: string }[] }>([
        'events',
        '-n',
        tenant.namespace,
        '--field-selector',
        'involvedObject.kind=AgentPolicy,reason=PolicySuspended',
      ]);
      return items.some(({ message }) => message.startsWith('sid turned on the kill switch of AgentPolicy '));
    });
  });

  it('is at the top of the queue', async () => {
    const [first] = (await tenant.approver.sentinel(['queue', '-n', tenant.namespace])).split('\n');
    assert.match(
      first ?? '',
      /^SUSPENDED by AgentPolicy\/acts-switch-[0-9a-f]+ in namespace acts-switch-[0-9a-f]+, turned on by sid, \d+s ago: nothing/,
    );
  });

  it('is told to who approves: the approval is recorded and does not count', async () => {
    const digest = (await tenant.action(action)).status?.plan?.digest ?? '';
    const said = await tenant.approver.sentinel(['approve', action, '-n', tenant.namespace, '--yes', '--plan', digest]);
    assert.match(
      said,
      /approval recorded: it does not count, because the action is suspended by AgentPolicy\/\S+ \(by sid since \S+\); approve again after the kill switch is turned off/,
    );
    // Somebody else: who approves twice is told that it changes nothing.
    const bea = await person('bea', ['shop-approvers', 'shop-viewers']);
    const { code, stderr } = await tenant.decide(bea, action, 'approve');
    assert.equal(code, 0, stderr);
    assert.match(stderr, /Warning: sentinel: the action is suspended by .* this approval is recorded and will not count/);
  });

  it('tells who turned it off, and asks people again', async () => {
    await turn(false);
    await tenant.until(action, ['AwaitingApproval']);
    assert.equal((await recorded('Resumed', ofAction(tenant.namespace, action))).attributes['sentinel.actor'], 'sid');
    assert.equal(
      (await recorded('PolicyLifted', ofObject(tenant.namespace, tenant.namespace))).attributes['sentinel.actor'],
      'sid',
    );
  });
});

describe('An action that nobody can approve any more', { concurrency: false }, () => {
  it('is ended at once, with the reason', async () => {
    const tenant = await makeTenant('acts-groups');
    await tenant.deploy('web');
    const action = await waiting(tenant);
    await tenant.setPolicy({ approvals: [{ upToRisk: 'High', approvals: 1, groups: ['others'], expiresAfter: '1h' }] });
    const ended = await tenant.until(action, ['Denied']);
    assert.match(
      messageOf(ended),
      /nobody can approve the plan any more: the policies have no common group in `approvals\[\]\.groups`\. The plan was made when it took a member of shop-approvers\. Create the action again\./,
    );
  });
});

describe('An action that nobody in the cluster seems to be able to approve', { concurrency: false }, () => {
  it('says so, in its state and in the queue, and no longer once somebody can', async () => {
    const tenant = await makeTenant('acts-unmet');
    await tenant.deploy('web');
    const approvals = (groups: string[]) => [{ upToRisk: 'High', approvals: 1, groups, expiresAfter: '1h' }];
    await tenant.setPolicy({ approvals: approvals(['shop-approvers', 'nobody-is-in-it']) });
    await admin.kubectl(['delete', 'rolebinding', 'approvers', '-n', tenant.namespace]);
    const action = await waiting(tenant);
    const missing = /none of the groups shop-approvers, nobody-is-in-it holds the verb 'approve' on agentactions in namespace/;
    assert.match(messageOf(await tenant.action(action)), missing);
    assert.match(await admin.sentinel(['queue', '-n', tenant.namespace]), missing);
    await admin.kubectl([
      'create',
      'rolebinding',
      'again',
      '--clusterrole=sentinel-approver',
      '--group=shop-approvers',
      '-n',
      tenant.namespace,
    ]);
    await tenant.setPolicy({ approvals: approvals(['shop-approvers']) });
    await eventually('an action that somebody can approve', async () => {
      const now = messageOf(await tenant.action(action));
      return /^the plan waits for approval: kubectl sentinel plan \S+ -n \S+$/.test(now);
    });
  });
});

describe('A hold', { concurrency: true }, () => {
  const freeze = [{ schedule: '* * * * *', duration: '2d', reason: 'hold' }];
  // What holds an action is looked at again after a minute in any case: much sooner is at once.
  const AT_ONCE = 20;
  const frozen = async (name: string, expiresAfter: string) => {
    const tenant = await makeTenant(name);
    await tenant.deploy('web');
    await tenant.setPolicy({
      freeze,
      approvals: [{ upToRisk: 'High', approvals: 1, groups: ['shop-approvers'], expiresAfter }],
    });
    return tenant;
  };
  const held = async (tenant: Tenant) => {
    const name = await waiting(tenant);
    const { code, stderr } = await tenant.decide(tenant.approver, name, 'approve');
    assert.equal(code, 0, stderr);
    await tenant.until(name, ['Starting']);
    return name;
  };

  it('ends when the approval runs out', async () => {
    const tenant = await frozen('acts-late', '25s');
    const ended = await tenant.until(await held(tenant), ['Expired']);
    assert.match(messageOf(ended), /approved by ada, but the approval expired after 25s, before the run could start/);
  });

  it('ends for an edit, a cancellation, the kill switch and a policy at once', async () => {
    const tenant = await frozen('acts-hold', '1h');
    const patch = async (name: string, spec: object) => {
      const given = ['-n', tenant.namespace, '--type=merge', '-p', JSON.stringify({ spec })];
      await tenant.agent.kubectl(['patch', 'agentaction', name, ...given]);
    };
    const cancelled = await held(tenant);
    await patch(cancelled, { cancelled: true });
    await tenant.until(cancelled, ['Cancelled'], AT_ONCE);
    const edited = await held(tenant);
    await patch(edited, { intent: { summary: 'else' } });
    await tenant.until(edited, ['Pending', 'Rehearsing', 'AwaitingApproval'], AT_ONCE);
    const killed = await held(tenant);
    await tenant.setPolicy({ suspended: true });
    await tenant.until(killed, ['Suspended'], AT_ONCE);
    await tenant.setPolicy({ suspended: false });
    await tenant.until(killed, ['AwaitingApproval'], AT_ONCE);
    const freed = await held(tenant);
    await tenant.setPolicy({ freeze: [] });
    await tenant.until(freed, ['Running', 'Verifying', 'Succeeded'], AT_ONCE);
  });
});
