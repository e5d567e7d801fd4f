import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { admin, example } from '../lib/cluster.ts';
import { oneStep } from '../lib/one-step.ts';
import { makeTenant, stateOf, type Tenant } from '../lib/tenant.ts';

// What a real cluster says of a plan: pods behind it, budgets that they are under, earlier runs. The rules have tests of their own.

interface Plan {
  readonly spec: {
    readonly effects: readonly { pods?: { before: number; after: number; labels?: string[] } }[];
    readonly risk: { level: string; score: number; parts: { rule: string; points: number; level?: string; message: string }[] };
  };
}

describe('The risk of a plan', { concurrency: false }, () => {
  let tenant: Tenant;
  const planOf = async (name: string): Promise<Plan['spec']> => {
    const waiting = await tenant.until(name, ['AwaitingApproval']);
    const { spec } = await admin.get<Plan>(['actionplan', waiting.status?.plan?.name ?? '', '-n', tenant.namespace]);
    assert.equal(spec.risk.level, waiting.status?.plan?.risk);
    assert.equal(
      spec.risk.parts.reduce((sum, { points }) => sum + points, 0),
      spec.risk.score,
      JSON.stringify(spec.risk),
    );
    return spec;
  };
  const rulesOf = ({ risk }: Plan['spec']) => risk.parts.map(({ rule }) => rule);

  before(async () => {
    tenant = await makeTenant('risk', {
      playbooks:
        oneStep('restart', ['kubectl', 'rollout', 'restart', 'deployment/web']) +
        oneStep('set-image-twice', ['kubectl', 'scale', 'deployment/web', '--replicas=0']),
    });
    await admin.apply(
      example('shop/workload.yaml')
        .replaceAll('namespace: shop', `namespace: ${tenant.namespace}`)
        .replace('replicas: 1', 'replicas: 2'),
    );
  });

  it('of an ordinary change is Medium, and a sum that counts its pods and knows that it is the first of its kind', async () => {
    const name = await tenant.file('restart');
    const spec = await planOf(name);
    assert.equal(spec.risk.level, 'Medium', JSON.stringify(spec.risk));
    assert.deepEqual(spec.effects[0]?.pods, { before: 2, after: 2, labels: ['app=web'] });
    assert.deepEqual(rulesOf(spec), ['write', 'first-run', 'pods']);
    const shown = await admin.sentinel(['plan', name, '-n', tenant.namespace]);
    assert.match(shown, /RISK {2}Medium {2}score 17 [\s\S]*\+2 {20,}2 pods behind deployments 'web'/);
  });

  it('of a scale to zero is High: what it serves stops', async () => {
    const spec = await planOf(await tenant.file('set-image-twice'));
    assert.equal(spec.risk.level, 'High', JSON.stringify(spec.risk));
    assert.deepEqual(spec.effects[0]?.pods, { before: 2, after: 0, labels: ['app=web'] });
    assert.ok(rulesOf(spec).includes('stop'), JSON.stringify(spec.risk));
  });

  it('is High where a PodDisruptionBudget has no room', async () => {
    // The image does not exist, so no pod is healthy and the budget allows nothing.
    await admin.apply(`
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web, namespace: ${tenant.namespace}}
spec: {minAvailable: 1, selector: {matchLabels: {app: web}}}
`);
    const name = await tenant.file('restart');
    const spec = await planOf(name);
    const part = spec.risk.parts.find(({ rule }) => rule === 'budget');
    assert.match(
      part?.message ?? JSON.stringify(spec.risk),
      /PodDisruptionBudget 'web' lets no pod be disrupted now, and the plan disrupts 1: patch deployments 'web'/,
    );
    assert.equal(spec.risk.level, 'High');
    assert.equal((await tenant.decide(tenant.approver, name, 'approve')).code, 0);
    await tenant.until(name, ['Succeeded']);
  });

  it('knows about the run that went well', async () => {
    const name = await tenant.file('restart');
    const spec = await planOf(name);
    assert.ok(!rulesOf(spec).includes('first-run') && !rulesOf(spec).includes('new-target'), JSON.stringify(spec.risk));
    assert.equal(stateOf(await tenant.action(name)), 'AwaitingApproval');
  });
});
