import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { paths } from '@sentinel/cluster';
import { type ActionPlan, type AgentAction, actionPlans, agentActions, digestOf, type StageStatus } from '@sentinel/crds';
import { type AnyObject, createClient, createTransport, jobs, loadConfig } from '@sentinel/kube';
import { Ledger } from '../../gateway/src/ledger/store.ts';
import { resolveRun } from '../../gateway/src/run/resolve.ts';
import { admin, eventually } from '../lib/cluster.ts';
import { client, makeTenant, type Tenant } from '../lib/tenant.ts';

// An operator that somebody has taken over: it writes plans, statuses and Jobs as it likes, with the operator's own account. The real
// one is away meanwhile. The gateway's own code, with the gateway's account, is asked for the run of a pod of such a Job.

const SYSTEM = 'sentinel-system';
const as = (account: string) =>
  createClient(
    createTransport(loadConfig({ kubeconfig: paths.kubeconfig, as: `system:serviceaccount:${SYSTEM}:${account}` }), {
      userAgent: 'sentinel-tests',
    }),
  );
const operator = as('sentinel-operator');
const gateway = as('sentinel-gateway');

describe('An operator that lies', { concurrency: false }, () => {
  let tenant: Tenant;
  const scale = async (replicas: number) => {
    await admin.kubectl(['scale', 'deployment', 'sentinel-operator', '-n', SYSTEM, `--replicas=${replicas}`]);
    await admin.kubectl(['rollout', 'status', 'deployment', 'sentinel-operator', '-n', SYSTEM, '--timeout=90s']);
  };
  const actions: string[] = [];
  const made: string[] = [];
  const cases = ['honest', 'twice', 'account', 'display', 'required', 'expired', 'risk'];

  before(async () => {
    tenant = await makeTenant('liar');
    await tenant.deploy('web');
    await tenant.setPolicy({ playbooks: { trustedOnly: true, allow: null, adHocSteps: 'RequireApproval' } });
    for (const one of cases) {
      const command = ['kubectl', 'annotate', 'deployment', 'web', `${one}=yes`];
      const steps = { steps: [{ name: 'one', command }], account: 'remediator', image: tenant.image };
      actions.push(await tenant.file(one, {}, { playbookRef: undefined, parameters: undefined, ...steps }));
    }
    for (const name of actions) await tenant.until(name, ['AwaitingApproval'], 120);
    await scale(0);
  });
  after(async () => {
    for (const name of made)
      await admin.tryKubectl([
        'delete',
        'job',
        name,
        '-n',
        'sentinel-sandboxes',
        '--as',
        `system:serviceaccount:${SYSTEM}:sentinel-operator`,
      ]);
    await scale(1);
  });

  const nameOf = (one: string) => actions[cases.indexOf(one)] ?? assert.fail(one);
  const read = (name: string) => client.getOrThrow(agentActions, { name, namespace: tenant.namespace });
  const setStatus = (name: string, change: (status: NonNullable<AgentAction['status']>) => void) =>
    eventually(
      `a status of ${name}`,
      async () => {
        const action = await read(name);
        assert.ok(action.status);
        change(action.status);
        return await operator.replaceStatus(agentActions, action);
      },
      10,
    );

  /** Puts another plan in the place of the one that was made; answers with its digest. */
  async function forge(name: string, change: (spec: ActionPlan['spec']) => void): Promise<string> {
    const { status } = await read(name);
    const plan = await client.getOrThrow(actionPlans, { name: status?.plan?.name ?? '', namespace: tenant.namespace });
    change(plan.spec);
    const forged = `${name}-forged`;
    const { ownerReferences } = plan.metadata;
    await operator.create(actionPlans, {
      ...plan,
      metadata: { name: forged, namespace: tenant.namespace, ...(ownerReferences ? { ownerReferences } : {}) },
    });
    const digest = digestOf(plan.spec);
    await setStatus(name, (now) => {
      if (now.plan) now.plan = { ...now.plan, name: forged, digest };
      now.required = plan.spec.required;
    });
    return digest;
  }

  /** Makes a Job of a real run, with its stage in the status; answers with a pod of it. */
  async function startRun(name: string, more: Partial<StageStatus> = {}): Promise<AnyObject> {
    const action = await read(name);
    const rehearsal = action.status?.stages?.[0];
    const template = await client.getOrThrow(jobs, { name: rehearsal?.name ?? '', namespace: 'sentinel-sandboxes' });
    const { containers, initContainers, volumes, securityContext, ...rest } = (
      template.spec as { template: { spec: Record<string, unknown> } }
    ).template.spec;
    const jobName = `run-${randomUUID().slice(0, 8)}`;
    made.push(jobName);
    const job = await operator.create(jobs, {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: {
        name: jobName,
        namespace: 'sentinel-sandboxes',
        annotations: { 'sentinel.dev/action': `${tenant.namespace}/${name}` },
      },
      spec: {
        suspend: true,
        backoffLimit: 0,
        template: { spec: { ...rest, containers, initContainers, volumes, securityContext } },
      },
    });
    const uid = job.metadata.uid ?? '';
    await setStatus(name, (now) => {
      const stage: StageStatus = {
        stage: 'run',
        attempt: 1,
        name: jobName,
        uid,
        ...(now.plan ? { plan: now.plan.digest } : {}),
        startedAt: new Date().toISOString(),
        ...more,
      };
      now.stages = [...(now.stages ?? []), stage];
    });
    const controller = { apiVersion: 'batch/v1', kind: 'Job', name: jobName, uid, controller: true };
    const { spec } = (job.spec as { template: { spec: object } }).template;
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: `${jobName}-x`, namespace: 'sentinel-sandboxes', uid: randomUUID(), ownerReferences: [controller] },
      spec,
    };
  }

  const claim = (pod: AnyObject) =>
    resolveRun(gateway, new Ledger(gateway), { address: '127.0.0.1', process: `test-${randomUUID()}` }, pod);
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
    await assert.rejects(claim(await startRun(nameOf('twice'))), /another Job has claimed this plan already/);
  });

  it('does not swap the account, though the plan with the other one was approved', async () => {
    await forge(nameOf('account'), (spec) => {
      spec.account = 'viewer';
    });
    await approve(nameOf('account'));
    await assert.rejects(claim(await startRun(nameOf('account'))), /names the account 'viewer', but 'remediator' was rehearsed/);
  });

  it('does not show a harmless change in the place of what would run', async () => {
    await forge(nameOf('display'), (spec) => {
      for (const effect of spec.effects) effect.change = [{ path: '/metadata/annotations/harmless', after: '"yes"' }];
    });
    await approve(nameOf('display'));
    await assert.rejects(claim(await startRun(nameOf('display'))), /its effects are not those that were recorded/);
  });

  it('does not say itself what is required', async () => {
    await forge(nameOf('required'), (spec) => {
      spec.required = { approvals: 0, autoReview: true, expiresAfter: '4h' };
    });
    await assert.rejects(claim(await startRun(nameOf('required'))), /does not have the approvals that policy requires/);
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
    await assert.rejects(claim(await startRun(nameOf('risk'))), /does not have the approvals that policy requires/);
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
});
