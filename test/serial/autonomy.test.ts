import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type ActionPlan, actionPlans, agentActions, digestOf } from '@sentinel/crds';
import { gatherFacts, judgeObserved } from '@sentinel/gateway/testing';
import { evaluatePlan } from '@sentinel/policy';
import { admin } from '../lib/cluster.ts';
import { oneStep } from '../lib/one-step.ts';
import { type ActionView, client, makeTenant, messageOf, stateOf, type Tenant } from '../lib/tenant.ts';

// What may start without a person. The floor of the whole cluster is loosened for it, so nothing else may run beside it.

const floor = (spec: object) =>
  admin.kubectl(['patch', 'clusteragentpolicy', 'sentinel-floor', '--type=merge', '-p', JSON.stringify({ spec })]);

const playbook = (name: string, command: readonly string[], more = '', autonomy = 'Auto') =>
  oneStep(name, command, { more: `  parameters: [{name: value, default: x}]\n  autonomy: ${autonomy}\n${more}` });
const note = ['kubectl', 'annotate', '--overwrite', 'deployment', 'web', 'note=$' + '(params.value)'];
const verify = (wanted: string) =>
  `  verify: [{name: check, command: [sh, -c, 'test "$(kubectl get deployment web -o jsonpath={.metadata.annotations.note})" ${wanted}']}]\n`;

describe('A plan that policy lets start without a person', { concurrency: false }, () => {
  let tenant: Tenant;
  let kept: { kubernetes: unknown; approvals: unknown; playbooks: unknown };

  before(async () => {
    const { spec } = await admin.get<{ spec: typeof kept }>(['clusteragentpolicy', 'sentinel-floor']);
    kept = { kubernetes: spec.kubernetes, approvals: spec.approvals, playbooks: spec.playbooks };
    await floor({
      kubernetes: [{ apiGroups: ['*'], resources: ['*', 'pods/log'], verbs: ['*'], decision: 'Allow' }],
      approvals: [{ upToRisk: 'Medium', autoReview: true, autoReviewAfter: 0 }, { upToRisk: 'High' }],
      playbooks: { trustedOnly: true, adHocSteps: 'Allow' },
    });
    tenant = await makeTenant('autonomy', {
      playbooks:
        playbook('note', note) +
        playbook('asks', note, '', 'Approve') +
        playbook('deletes', ['kubectl', 'delete', 'deployment', 'web']) +
        playbook('fails', note, verify('= something-else')),
    });
    await tenant.deploy('web');
    await tenant.setPolicy({
      playbooks: { trustedOnly: true, allow: null, adHocSteps: 'Allow' },
      kubernetes: [{ apiGroups: ['*'], resources: ['*', 'pods/log'], verbs: ['*'], decision: 'Allow' }],
      approvals: [{ upToRisk: 'Medium', autoReview: true, autoReviewAfter: 0 }, { upToRisk: 'High' }],
    });
  });
  after(() => floor(kept));

  const ended = ['Succeeded', 'RolledBack', 'Blocked', 'RunFailed', 'Denied', 'AwaitingApproval'];
  const because = async ({ status }: ActionView) =>
    (
      await admin.get<{ spec: { required: { personBecause?: string[] } } }>([
        'actionplan',
        status?.plan?.name ?? '',
        '-n',
        tenant.namespace,
      ])
    ).spec.required.personBecause?.join('\n') ?? '';

  it('starts, is verified by the gateway, and its record names the policies', async () => {
    const done = await tenant.until(await tenant.file('note', { value: 'one' }), ended);
    assert.equal(stateOf(done), 'Succeeded', messageOf(done));
    const records = done.status?.outbox?.records ?? [];
    const alone = records.find(({ transition }) => transition === 'AutoReviewed');
    assert.match(JSON.stringify(alone), /AgentPolicy\/autonomy-[0-9a-f]+@sha256:.*ClusterAgentPolicy\/sentinel-floor@sha256:/);
    assert.ok(!records.some(({ transition }) => transition === 'Decided'));
    const approved = done.status?.conditions?.find(({ type }) => type === 'Approved');
    assert.deepEqual([approved?.status, approved?.reason], ['True', 'NotNeeded']);
  });

  it('is judged by the gateway itself: the action as it stands, and each write as it is observed, whatever the plan shows', async () => {
    const done = await tenant.until(await tenant.file('note', { value: 'judged' }), ended);
    assert.equal(stateOf(done), 'Succeeded', messageOf(done));
    const key = { name: done.metadata.name, namespace: tenant.namespace };
    const action = await client.getOrThrow(agentActions, key);
    const plan = await client.getOrThrow(actionPlans, { ...key, name: done.status?.plan?.name ?? '' });
    const ref = { namespace: tenant.namespace, name: action.metadata.name, uid: action.metadata.uid ?? '' };
    const gathered = async (spec: Partial<ActionPlan['spec']> = {}) => {
      const forged = { ...plan, spec: { ...plan.spec, ...spec } };
      return await gatherFacts(client, ref, { plan: forged, digest: digestOf(forged.spec), recordedAt: 0 }, Date.now());
    };
    const found = await gathered();
    const { approved, refused } = evaluatePlan(found.facts);
    assert.deepEqual({ approved, refused }, { approved: true, refused: undefined });
    const [effect] = plan.spec.effects;
    assert.ok(effect);
    assert.deepEqual(judgeObserved(found, effect), []);
    const privileged = { path: '/spec/template/spec/containers/0/securityContext/privileged', after: 'true' };
    assert.match(
      judgeObserved(found, { ...effect, change: [privileged] }).join('\n'),
      /no policy lets a plan of this risk start without one/,
    );
    // What an operator could write that somebody has taken over. Other accounts, effects, generations: see plan-faults.test.ts.
    const refusedNow = async (spec: Partial<ActionPlan['spec']>) => evaluatePlan((await gathered(spec)).facts);
    assert.match((await refusedNow({ environment: 'sandbox' })).refused ?? '', /the environment of the namespace changed/);
    const other = { ...plan.spec.playbook, digest: `sha256:${'0'.repeat(64)}` };
    assert.match((await refusedNow({ playbook: other })).refused ?? '', /the Playbook changed/);
    assert.equal((await refusedNow({ risk: { ...plan.spec.risk, level: 'High' } })).approved, false);
    assert.equal(evaluatePlan({ ...found.facts, trust: { trusted: false, why: 'nobody' } }).approved, false);
    assert.equal(evaluatePlan({ ...found.facts, risk: 'High' }).approved, false);
  });

  it('with ad-hoc steps starts as well, where every policy allows them', async () => {
    const own = { playbookRef: undefined, parameters: undefined, account: 'remediator', image: tenant.image };
    const steps = [{ name: 'one', command: ['kubectl', 'annotate', '--overwrite', 'deployment', 'web', 'note=own'] }];
    const done = await tenant.until(await tenant.file('own', {}, { ...own, steps }), ended);
    assert.equal(stateOf(done), 'Succeeded', messageOf(done));
  });

  it('waits for one when its Playbook does not claim it, when it deletes, when a policy wants to see it succeed first', async () => {
    const asks = await tenant.until(await tenant.file('asks', { value: 'two' }), ended);
    assert.match(await because(asks), /the autonomy of the Playbook is 'Approve', not 'Auto'/);
    const deletes = await tenant.until(await tenant.file('deletes', {}), ended);
    assert.equal(stateOf(deletes), 'AwaitingApproval', messageOf(deletes));
    await tenant.setPolicy({ approvals: [{ upToRisk: 'High', autoReview: true, autoReviewAfter: 5 }] });
    const early = await tenant.until(await tenant.file('note', { value: 'three' }), ended);
    assert.match(await because(early), /2 of 5 runs of it have succeeded here since one failed/);
    for (const one of [asks, early]) assert.equal(stateOf(one), 'AwaitingApproval', messageOf(one));
    await tenant.setPolicy({ approvals: [{ upToRisk: 'High', autoReview: true, autoReviewAfter: 0 }] });
    // What was planned for people stays with people.
    assert.equal(stateOf(await tenant.action(early.metadata.name)), 'AwaitingApproval');
  });

  it('loses that by a failure', async () => {
    await tenant.setPolicy({ approvals: [{ upToRisk: 'High', autoReview: true, autoReviewAfter: 1 }] });
    await floor({ approvals: [{ upToRisk: 'Medium', autoReview: true, autoReviewAfter: 0 }, { upToRisk: 'High' }] });
    const first = await tenant.until(await tenant.file('fails', { value: 'something-else' }), ended);
    assert.match(await because(first), /0 of 1 runs/);
    assert.equal((await tenant.decide(tenant.approver, first.metadata.name, 'approve')).code, 0);
    await tenant.until(first.metadata.name, ['Succeeded']);
    // It has earned it now, and this run fails its checks and is rolled back.
    const second = await tenant.until(await tenant.file('fails', { value: 'four' }), [
      'RolledBack',
      'AwaitingApproval',
      'Denied',
    ]);
    assert.equal(stateOf(second), 'RolledBack', messageOf(second));
    const third = await tenant.until(await tenant.file('fails', { value: 'five' }), ended);
    assert.equal(stateOf(third), 'AwaitingApproval');
    assert.match(await because(third), /0 of 1 runs of it have succeeded here since one failed/);
  });

  it('waits for one when policy is stricter at its start than at its plan', async () => {
    await tenant.setPolicy({
      approvals: [{ upToRisk: 'High', autoReview: true, autoReviewAfter: 0 }],
      freeze: [{ schedule: '* * * * *', duration: '1h', reason: 'a test' }],
    });
    const name = await tenant.file('note', { value: 'six' });
    const held = await tenant.until(name, ['Starting', 'AwaitingApproval', 'Succeeded']);
    assert.equal(stateOf(held), 'Starting', messageOf(held));
    await tenant.setPolicy({ approvals: [{ upToRisk: 'High', approvals: 2 }], freeze: null });
    const waiting = await tenant.until(name, ['AwaitingApproval', 'Succeeded', 'Running']);
    assert.equal(stateOf(waiting), 'AwaitingApproval', messageOf(waiting));
    assert.match(messageOf(waiting), /0 of 2 approvals/);
  });

  it('is not resumed by lifting a suspension', async () => {
    await tenant.setPolicy({
      approvals: [{ upToRisk: 'High', autoReview: true, autoReviewAfter: 0 }],
      freeze: [{ schedule: '* * * * *', duration: '1h', reason: 'a test' }],
    });
    const name = await tenant.file('note', { value: 'seven' });
    await tenant.until(name, ['Starting']);
    await tenant.setPolicy({ suspended: true, freeze: null });
    await tenant.until(name, ['Suspended']);
    await tenant.setPolicy({ suspended: false });
    const waiting = await tenant.until(name, ['AwaitingApproval', 'Succeeded', 'Running']);
    assert.equal(stateOf(waiting), 'AwaitingApproval', messageOf(waiting));
  });
});
