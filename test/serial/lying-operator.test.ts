import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ActionPlan } from '@sentinel/crds';
import { type Installation, readSuspensions } from '@sentinel/gateway/testing';
import { admin, eventually, person } from '../lib/cluster.ts';
import { alterations, gateway, liesOn, readInstallation, scaleOperator, stepOf } from '../lib/hostile/lying-operator.ts';
import { makeTenant, messageOf, type Tenant } from '../lib/tenant.ts';

// An operator that somebody has taken over: it writes plans, statuses and Jobs as it likes, with the operator's own account. The real
// one is away meanwhile. The gateway's own code, with the gateway's account, is asked for the run of a pod of such a Job.

describe('An operator that lies', { concurrency: false }, () => {
  let tenant: Tenant;
  const actions: string[] = [];
  let installation: Installation;
  const cases = [
    'honest',
    'twice',
    'swapped',
    'lost',
    'acts',
    'account',
    'display',
    'required',
    'expired',
    'risk',
    'run',
    'rehearsal',
    'borrowed',
    'shown',
    'rejected',
    'resumed',
    'visible',
  ];

  before(async () => {
    tenant = await makeTenant('liar');
    installation = await readInstallation();
    await tenant.deploy('web');
    await tenant.setPolicy({ playbooks: { trustedOnly: true, allow: null, adHocSteps: 'RequireApproval' } });
    for (const one of cases) {
      const command = ['kubectl', 'annotate', 'deployment', 'web', `${one}=yes`];
      const verify = [{ name: 'ready', command: ['kubectl', 'get', 'deployment', 'web'] }];
      const steps = { steps: [{ name: 'one', command }], verify, account: 'remediator', image: tenant.image };
      actions.push(await tenant.file(one, {}, { playbookRef: undefined, parameters: undefined, ...steps }));
    }
    for (const name of actions) await tenant.until(name, ['AwaitingApproval']);
    await scaleOperator(0);
  });
  after(async () => {
    await deleteJobs();
    await scaleOperator(1);
  });

  const { claim, deleteJobs, forge, read, setStatus, start, startRun } = liesOn(
    () => tenant,
    () => installation,
  );
  const nameOf = (one: string) => actions[cases.indexOf(one)] ?? assert.fail(one);
  const approve = async (name: string) => {
    const { code, stderr } = await tenant.decide(tenant.approver, name, 'approve');
    assert.equal(code, 0, stderr);
  };

  it('is served where it does not lie', async () => {
    await approve(nameOf('honest'));
    const run = await claim(await startRun(nameOf('honest')));
    assert.equal(run.account, 'remediator');
    assert.equal(run.enforcement?.plan.spec.effects.length, 1);
  });

  it('has a plan carried out by one Job, not by two', async () => {
    await approve(nameOf('twice'));
    await claim(await startRun(nameOf('twice')));
    await assert.rejects(claim(await startRun(nameOf('twice'))), /another Job has run this action already/);
  });

  /** Leaves a part of the risk out that the operator counts: another plan of the same recording, and as good. */
  const forgetHistory = ({ risk }: ActionPlan['spec']) => {
    const earlier = `Playbook '', as it is now, has never run in namespace '${tenant.namespace}'`;
    const at = risk.parts.findIndex(({ message }) => message === earlier);
    assert.ok(at >= 0, JSON.stringify(risk.parts));
    const [part] = risk.parts.splice(at, 1);
    risk.score -= part?.points ?? 0;
  };

  it('does not swap the plan of a run that is claimed, though the other one was approved as well', async () => {
    const name = nameOf('swapped');
    await approve(name);
    const pod = await startRun(name);
    await claim(pod);
    const digest = await forge(name, forgetHistory);
    await approve(name);
    await setStatus(name, (now) => {
      for (const one of now.stages ?? []) if (one.stage === 'run') one.plan = digest;
    });
    await assert.rejects(claim(pod), /the run was claimed with another plan/);
  });

  const binding = (name: string, role: string) => ({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name, namespace: tenant.namespace },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
    subjects: [{ kind: 'Group', name: 'shop-approvers', apiGroup: 'rbac.authorization.k8s.io' }],
  });

  it('does not start a plan that can no longer be approved', async () => {
    await approve(nameOf('lost'));
    await admin.kubectl(['delete', 'rolebinding', 'approvers', '-n', tenant.namespace]);
    await assert.rejects(
      claim(await startRun(nameOf('lost'))),
      /does not have the approvals that policy requires: 'ada' does not hold the verb 'approve' on this action any more/,
    );
    await admin.apply(JSON.stringify(binding('approvers', 'sentinel-approver')));
  });

  it('does not start what was approved by somebody who can act as the agent now', async () => {
    await approve(nameOf('acts'));
    await admin.apply(JSON.stringify(binding('editors', 'edit')));
    await assert.rejects(
      claim(await startRun(nameOf('acts'))),
      /'ada' can act as 'system:serviceaccount:liar-[0-9a-f]+:repair-agent' \(.*\), so they count as the same person/,
    );
    await admin.kubectl(['delete', 'rolebinding', 'editors', '-n', tenant.namespace]);
  });

  it('does not swap the account, though the plan with the other one was approved', async () => {
    await forge(nameOf('account'), (spec) => {
      spec.account = 'viewer';
    });
    await approve(nameOf('account'));
    await assert.rejects(claim(await startRun(nameOf('account'))), /'account' is not what was recorded/);
  });

  it('does not show a harmless change in the place of what would run', async () => {
    await forge(nameOf('display'), (spec) => {
      for (const effect of spec.effects) effect.change = [{ path: '/metadata/annotations/harmless', after: '"yes"' }];
    });
    await approve(nameOf('display'));
    await assert.rejects(claim(await startRun(nameOf('display'))), /'effects\[0\]\.change\[0\]\.path' is not what was recorded/);
  });

  it('does not say itself what is required', async () => {
    await forge(nameOf('required'), (spec) => {
      spec.required = { approvals: 0, autoReview: true, expiresAfter: '4h' };
    });
    await assert.rejects(claim(await startRun(nameOf('required'))), /'required\.approvals' is not what was recorded/);
  });

  it('does not play the risk down', async () => {
    await tenant.setPolicy({
      approvals: [
        { upToRisk: 'Low', approvals: 1, groups: ['shop-approvers'] },
        { upToRisk: 'Critical', approvals: 2, groups: ['shop-approvers'] },
      ],
    });
    await forge(nameOf('risk'), (spec) => {
      spec.risk = { level: 'Low', score: 0, parts: [] };
      spec.required = { approvals: 1, expiresAfter: '4h' };
    });
    await approve(nameOf('risk'));
    await assert.rejects(claim(await startRun(nameOf('risk'))), /'risk\.\w+' is not what was recorded/);
  });

  const shell = (text: string) => ['sh', '-c', text];
  for (const [what, [alter, where]] of Object.entries(alterations))
    it(`does not rehearse with ${what}`, async () => {
      const refused = await claim(await start(nameOf('rehearsal'), 'rehearsal', { alter })).catch((error: unknown) => error);
      assert.ok(refused instanceof Error);
      assert.match(refused.message, /the Job is not the one that the Playbook, the parameters and the policies come to/);
      assert.match(refused.message, where);
    });

  const shows: Readonly<Record<string, readonly [(spec: ActionPlan['spec']) => void, RegExp]>> = {
    'other steps': [
      ({ steps }) => Object.assign(steps[0] as object, { command: ['kubectl', 'get', 'pods'] }),
      /'steps\[0\]\.command/,
    ],
    'other checks': [
      ({ verify = [] }) => Object.assign(verify[0] as object, { command: ['kubectl', 'version'] }),
      /'verify\[0\]\.command/,
    ],
    'no checks': [(spec) => Reflect.deleteProperty(spec, 'verify'), /'verify'/],
    'another requester': [(spec) => Object.assign(spec, { requester: 'ada' }), /'requester'/],
    'another environment': [(spec) => Object.assign(spec, { environment: 'playground' }), /'environment'/],
    'fewer permissions': [(spec) => Object.assign(spec, { permissions: [] }), /'permissions/],
    'a reassuring part of the risk': [
      ({ risk }) => risk.parts.push({ rule: 'new-target', points: 0, message: 'The security team looked at it.' }),
      /'risk\.parts/,
    ],
    'another rollback': [
      ({ rollback }) => Object.assign(rollback, { reason: 'It can be undone at any time.' }),
      /'rollback\.reason'/,
    ],
  };
  it('does not show a person another plan than the gateway reckons', async () => {
    let number = 0;
    for (const [what, [change, where]] of Object.entries(shows)) {
      number += 1;
      await forge(nameOf('shown'), change, `shown-${number}`);
      await approve(nameOf('shown'));
      await assert.rejects(claim(await startRun(nameOf('shown'))), where, what);
    }
  });

  it('asks nobody else once somebody has rejected: not with a second plan of the same rehearsal either', async () => {
    const name = nameOf('rejected');
    await tenant.setPolicy({ approvals: [{ upToRisk: 'High', approvals: 1, groups: ['shop-approvers'] }] });
    const { code, stderr } = await tenant.decide(tenant.approver, name, 'reject');
    assert.equal(code, 0, stderr);
    // The one thing that the operator counts, and could say otherwise.
    await forge(name, forgetHistory);
    const bea = await person('bea', ['shop-approvers']);
    const second = await tenant.decide(bea, name, 'approve');
    assert.equal(second.code, 0, second.stderr);
    await assert.rejects(claim(await startRun(name)), /the action was rejected by 'ada'/);
  });

  it('rehearses as the account of the Playbook, and as no other', async () => {
    await setStatus(nameOf('borrowed'), (now) => {
      now.account = 'viewer';
    });
    await assert.rejects(
      claim(await start(nameOf('borrowed'), 'rehearsal')),
      /the status names accounts\.sentinel\.dev\/viewer, but the Playbook runs as accounts\.sentinel\.dev\/remediator/,
    );
  });

  it('runs and verifies what was approved, and nothing else', async () => {
    const name = nameOf('run');
    await tenant.setPolicy({ approvals: [{ upToRisk: 'High', approvals: 1, groups: ['shop-approvers'] }] });
    await approve(name);
    for (const [what, [alter, where]] of Object.entries(alterations))
      await assert.rejects(claim(await startRun(name, { alter })), where, `a run with ${what}`);
    assert.equal((await claim(await startRun(name))).account, 'remediator');
    for (const [what, [alter, where]] of Object.entries(alterations))
      await assert.rejects(claim(await start(name, 'verification', { alter })), where, `a verification with ${what}`);
    await setStatus(name, (now) => {
      now.account = 'viewer';
    });
    const verification = await claim(await start(name, 'verification'));
    assert.deepEqual([verification.account, verification.mayWrite], ['remediator', false]);
  });

  it('does not revive an approval that ran out by a start in the past', async () => {
    await tenant.setPolicy({
      approvals: [{ upToRisk: 'Critical', approvals: 1, groups: ['shop-approvers'], expiresAfter: '2s' }],
    });
    await approve(nameOf('expired'));
    await new Promise((resolve) => setTimeout(resolve, 3000));
    const startedAt = new Date(Date.now() - 2500).toISOString();
    await assert.rejects(
      claim(await startRun(nameOf('expired'), { startedAt })),
      /does not have the approvals that policy requires/,
    );
  });

  it('does not go on after a suspension with approvals from before it, though the status says nothing of one', async () => {
    const name = nameOf('resumed');
    const note = async () => (await readSuspensions(gateway))[`AgentPolicy.${tenant.namespace}.${tenant.namespace}`];
    await tenant.setPolicy({ approvals: [{ upToRisk: 'High', approvals: 1, groups: ['shop-approvers'] }] });
    await approve(name);
    await tenant.setPolicy({ suspended: true });
    await eventually('the gateway to note the suspension', async () => (await note()) === 'suspended');
    await tenant.setPolicy({ suspended: false });
    await eventually('the gateway to note its end', async () => ((await note()) ?? 'suspended') !== 'suspended');
    assert.equal((await read(name)).status?.resumedAt, undefined);
    await assert.rejects(claim(await startRun(name)), /does not have the approvals that policy requires/);
    // Somebody else, for the same person's second approval would need a revocation first.
    const { code, stderr } = await tenant.decide(await person('cy', ['shop-approvers']), name, 'approve');
    assert.equal(code, 0, stderr);
    assert.equal((await claim(await startRun(name))).account, 'remediator');
  });

  it('is shown in the status when the real one is back: what was refused, and by which code', async () => {
    const name = nameOf('visible');
    const command = shell('kubectl get pods; kubectl create configmap stolen --from-literal=a=b');
    await start(name, 'rehearsal', { alter: (pod) => Object.assign(stepOf(pod), { command }), suspend: false });
    await setStatus(name, (now) => {
      for (const one of now.conditions ?? []) if (one.type === 'Succeeded') one.reason = 'Rehearsing';
    });
    await scaleOperator(1);
    const ended = await tenant.until(name, ['RehearsalFailed', 'AwaitingApproval', 'NoEffect']);
    const says =
      /refused by the gateway \(JobAltered\): the Job is not the one that .*spec\.template\.spec\.initContainers\[1\]\.command/;
    assert.match(messageOf(ended), says);
  });
});
