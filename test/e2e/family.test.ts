import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { type ActionPlan, type AgentAction, actionPlans, agentActions, digestOf } from '@sentinel/crds';
import { gatherFacts } from '@sentinel/gateway/testing';
import { evaluatePlan } from '@sentinel/policy';
import { admin } from '../lib/cluster.ts';
import { hold, whileHeld } from '../lib/hold.ts';
import { client, makeTenant, messageOf, stateOf, type Tenant } from '../lib/tenant.ts';

// Actions that bring ad-hoc steps, and actions that are a part of others.

async function tenantWith(name: string, spec: object): Promise<Tenant> {
  const tenant = await makeTenant(name);
  await tenant.deploy('web', 'api', 'cart');
  await tenant.setPolicy({ playbooks: { trustedOnly: true, allow: null, adHocSteps: 'RequireApproval' }, ...spec });
  return tenant;
}

const note = (deployment: string, value = 'x') => ['kubectl', 'annotate', 'deployment', deployment, `note=${value}`];
const read = (deployment: string, value = 'x') => [
  'sh',
  '-c',
  `test "$(kubectl get deployment ${deployment} -o jsonpath={.metadata.annotations.note})" = ${value}`,
];

/** The fields of an action that brings ad-hoc steps; those of the Playbook that `file` names are taken away. */
const own = (tenant: Tenant, command: readonly string[], more: object = {}) => ({
  playbookRef: undefined,
  parameters: undefined,
  steps: [{ name: 'one', command }],
  account: 'remediator',
  image: tenant.image,
  ...more,
});

describe('Steps that an action brings itself', { concurrency: 3 }, () => {
  let tenant: Tenant;
  before(async () => {
    tenant = await tenantWith('own-steps', {});
  });

  it('are rehearsed, approved, run exactly and verified like those of a Playbook', async () => {
    const name = await tenant.file('own', {}, own(tenant, note('web'), { verify: [{ name: 'noted', command: read('web') }] }));
    const waiting = await tenant.until(name, ['AwaitingApproval']);
    assert.equal(waiting.status?.plan?.risk, 'Medium', 'a label alone is Low; that nobody approved this way is Medium');
    const shown = await tenant.approver.sentinel(['plan', name, '-n', tenant.namespace]);
    assert.match(shown, /ad-hoc steps, no Playbook, account remediator/);
    assert.match(shown, /nobody has approved this way of doing it/);
    assert.equal((await tenant.decide(tenant.approver, name, 'approve')).code, 0);
    await tenant.until(name, ['Succeeded']);
    assert.equal(
      await admin.kubectl(['get', 'deployment', 'web', '-n', tenant.namespace, '-o', 'jsonpath={.metadata.annotations.note}']),
      'x',
    );
  });

  it('end with their results when they change nothing, and nobody is asked', async () => {
    const name = await tenant.file('own-read', {}, own(tenant, ['kubectl', 'get', 'deployments']));
    assert.equal(stateOf(await tenant.until(name, ['NoEffect', 'RehearsalFailed'])), 'NoEffect');
  });

  it('start over when they are edited, and the approval of the plan before counts for nothing', async () => {
    const name = await tenant.file('own-edit', {}, own(tenant, note('api', 'before')));
    const first = await tenant.until(name, ['AwaitingApproval']);
    await tenant.agent.kubectl([
      'patch',
      'agentaction',
      name,
      '-n',
      tenant.namespace,
      '--type=merge',
      '-p',
      JSON.stringify({ spec: { steps: [{ name: 'one', command: note('api', 'after') }] } }),
    ]);
    assert.notEqual((await tenant.decide(tenant.approver, name, 'approve', first.status?.plan?.digest)).code, undefined);
    const second = await tenant.until(name, ['AwaitingApproval', 'Running', 'Succeeded']);
    assert.notEqual(stateOf(second), 'Succeeded');
  });

  it('are refused, also as an edit, if they are too large to be ended', async () => {
    const many = Array.from({ length: 16 }, (_, index) => ({
      name: `s${index}`,
      command: ['echo', 'x'.repeat(4096), 'y'.repeat(512)],
    }));
    const message = /the commands of an action may have at most 65536 characters together/;
    // Not by `kubectl apply`: its copy of the object in an annotation would be refused first.
    const input = JSON.stringify({
      apiVersion: 'sentinel.dev/v1alpha1',
      kind: 'AgentAction',
      metadata: { name: 'own-large', namespace: tenant.namespace },
      spec: { intent: { summary: 'Too much' }, ...own(tenant, ['true'], { steps: many }) },
    });
    await assert.rejects(tenant.agent.kubectl(['create', '-f', '-'], { input }), message);
    const name = await tenant.file('own-grows', {}, own(tenant, note('web', 'grows'), { mode: 'DryRun' }));
    const patch = JSON.stringify({ spec: { steps: many } });
    await assert.rejects(
      tenant.agent.kubectl(['patch', 'agentaction', name, '-n', tenant.namespace, '--type=merge', '-p', patch]),
      message,
    );
  });

  const refused: readonly [name: string, more: () => object, message: RegExp][] = [
    ['without an account', () => ({ account: undefined }), /`steps` need the `account`/],
    ['without an image', () => ({ image: undefined }), /`steps` need the `account` that they run as and the `image`/],
    ['beside a Playbook', () => ({ playbookRef: { name: 'set-image' } }), /exactly one is required: `playbookRef`/],
    ['with parameters', () => ({ parameters: [{ name: 'a', value: 'b' }] }), /`parameters` are those of a Playbook/],
    [
      'as an account that the agent may not use',
      () => ({ account: 'root' }),
      /needs the verb 'use' on accounts\.sentinel\.dev\/root/,
    ],
    [
      'that name a parameter',
      () => ({ steps: [{ name: 'one', command: ['echo', '$' + '(params.x)'] }] }),
      /names the parameter 'x', which is not declared/,
    ],
  ];
  for (const [name, more, message] of refused)
    it(`are refused ${name}`, async () => {
      await assert.rejects(tenant.file('own-refused', {}, own(tenant, ['true'], more())), message);
    });

  it('are refused where the policy of the namespace does not apply to them', async () => {
    const closed = await makeTenant('own-closed');
    await assert.rejects(
      closed.file('own', {}, own(closed, ['true'])),
      /ad-hoc steps are not allowed \(AgentPolicy\/[a-z0-9-]+: playbooks\.adHocSteps\)/,
    );
  });

  it('never start by a plan that says that it needs nobody: the gateway asks the policies itself', async () => {
    const name = await tenant.file('own-forged', {}, own(tenant, note('cart')));
    await tenant.until(name, ['AwaitingApproval']);
    const action: AgentAction = await client.getOrThrow(agentActions, { name, namespace: tenant.namespace });
    const plan: ActionPlan = await client.getOrThrow(actionPlans, {
      name: action.status?.plan?.name ?? '',
      namespace: tenant.namespace,
    });
    // What an operator could write that somebody has taken over.
    const forged = { ...plan, spec: { ...plan.spec, required: { approvals: 0, autoReview: true, expiresAfter: '4h' } } };
    const ref = { namespace: tenant.namespace, name, uid: action.metadata.uid ?? '' };
    const { facts } = await gatherFacts(client, ref, { plan: forged, digest: digestOf(forged.spec), recordedAt: 0 }, Date.now());
    const { approved, requirements } = evaluatePlan(facts);
    assert.equal(approved, false);
    assert.equal(requirements.autoReview, undefined);
    assert.equal(requirements.approvals, 1);
  });
});

describe('A part of another action', { concurrency: 3 }, () => {
  let tenant: Tenant;
  const part = (parent: string, more: object = {}) => ({ intent: { summary: 'A part', parentAction: parent }, ...more });
  before(async () => {
    tenant = await tenantWith('family', { limits: { children: 2, depth: 1, objects: 2 } });
  });

  it('is told from its parent, and refused beyond the number and the depth that policy allows', async () => {
    const whole = await tenant.file('whole', {}, own(tenant, note('web', 'whole')));
    await tenant.until(whole, ['AwaitingApproval']);
    const first = await tenant.file('part', {}, own(tenant, note('web', 'one'), part(whole)));
    const second = await tenant.file('part', {}, own(tenant, note('web', 'two'), part(whole)));
    await Promise.all([first, second].map((name) => tenant.until(name, ['AwaitingApproval'])));
    const { status } = await client.getOrThrow(agentActions, { name: first, namespace: tenant.namespace });
    assert.deepEqual(
      status?.lineage?.map(({ name }) => name),
      [whole],
    );
    const third = await tenant.until(await tenant.file('part', {}, own(tenant, note('web', 'three'), part(whole))), ['Denied']);
    assert.match(messageOf(third), /has 2 children; at most 2 are allowed \(AgentPolicy\/[a-z0-9-]+: limits\.children\)/);
    await assert.rejects(
      tenant.file('grandchild', {}, own(tenant, note('web', 'four'), part(first))),
      /has 1 ancestor itself; an action may have at most 1 \(AgentPolicy\/[a-z0-9-]+: limits\.depth\)/,
    );
    await tenant.cancel(whole);
    for (const name of [first, second]) {
      const ended = await tenant.until(name, ['Cancelled', 'Succeeded']);
      assert.match(messageOf(ended), /its parent action '[^']+' was cancelled/);
    }
    await assert.rejects(tenant.file('late', {}, own(tenant, note('web', 'five'), part(whole))), /has ended \(Cancelled\)/);
  });

  it('draws on the budget of its parent', async () => {
    const tight = await tenantWith('family-budget', { limits: { children: 2, depth: 1, objects: 2 } });
    const both = ['sh', '-c', `${note('web', 'b').join(' ')} && ${note('api', 'b').join(' ')} && ${whileHeld('held')}`];
    const whole = await tight.file('whole', {}, own(tight, both));
    await tight.until(whole, ['AwaitingApproval']);
    await hold(tight, 'held');
    assert.equal((await tight.decide(tight.approver, whole, 'approve')).code, 0);
    await tight.until(whole, ['Running']);
    const name = await tight.file('part', {}, own(tight, note('cart', 'b'), part(whole)));
    const denied = await tight.until(name, ['Denied', 'AwaitingApproval']);
    assert.match(messageOf(denied), /have changed 2 objects, and its plan changes 1 more; a lineage may change at most 2/);
  });

  it('is refused where its parent is a DryRun, does not exist, or is not that of the requester', async () => {
    const letGo = await hold(tenant, 'held-dry');
    const rehearsed = await tenant.file('dry', {}, own(tenant, ['sh', '-c', whileHeld('held-dry')], { mode: 'DryRun' }));
    await assert.rejects(
      tenant.file('part', {}, own(tenant, note('web'), part(rehearsed))),
      /is a DryRun, so its child actions must be DryRuns too/,
    );
    await assert.rejects(tenant.file('part', {}, own(tenant, note('web'), part('nobody'))), /there is no AgentAction 'nobody'/);
    const foreign = {
      apiVersion: 'sentinel.dev/v1alpha1',
      kind: 'AgentAction',
      metadata: { name: 'foreign', namespace: tenant.namespace },
      spec: { ...own(tenant, note('web'), { mode: 'DryRun' }), ...part(rehearsed) },
    };
    await assert.rejects(admin.apply(JSON.stringify(foreign)), /has another requester/);
    await letGo();
  });

  it('ends when its parent is deleted', async () => {
    const whole = await tenant.file('gone', {}, own(tenant, note('web', 'gone')));
    await tenant.until(whole, ['AwaitingApproval']);
    const name = await tenant.file('orphan', {}, own(tenant, note('api', 'orphan'), part(whole)));
    await tenant.until(name, ['AwaitingApproval']);
    await admin.kubectl(['delete', 'agentaction', whole, '-n', tenant.namespace]);
    assert.match(messageOf(await tenant.until(name, ['Cancelled'])), /no longer exists|was cancelled/);
  });
});
