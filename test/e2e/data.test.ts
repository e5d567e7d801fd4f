import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { paths } from '@sentinel/cluster';
import { actionPlans, agentActions } from '@sentinel/crds';
import { Ledger, sweepLedger } from '@sentinel/gateway/testing';
import { configmaps, createClient, createTransport, loadConfig, secrets } from '@sentinel/kube';
import { admin, eventually } from '../lib/cluster.ts';
import { oneStep } from '../lib/one-step.ts';
import { exportedLogs, receivedLogs } from '../lib/telemetry.ts';
import { client, makeTenant, type Tenant } from '../lib/tenant.ts';

// What is kept of an action, for how long, and who may read it.

const SECRET = `ghp_${'a1B2'.repeat(9)}`;

async function tenantWith(name: string, spec: object): Promise<Tenant> {
  const tenant = await makeTenant(name, { playbooks });
  await tenant.deploy('web');
  await tenant.setPolicy({ playbooks: { trustedOnly: true, allow: null }, ...spec });
  return tenant;
}

const value = '$' + '(params.value)';
const parameters = '  parameters: [{name: value, default: x}]\n';
const playbooks =
  oneStep('note', ['kubectl', 'annotate', '--overwrite', 'deployment', 'web', `note=${value}`], { more: parameters }) +
  oneStep('speaks', ['sh', '-c', `echo "token=${SECRET}"; exit 3`], { profile: 'Observe' }) +
  oneStep('reports', ['sh', '-c', `echo "login with ${SECRET} then go on" > $SENTINEL_RESULTS/report`], {
    profile: 'Observe',
    more: '  results: [{name: report}]\n',
  });

const intent = { summary: `Repair web with ${SECRET}`, prompt: `The token is ${SECRET}. Repair web.`, reason: 'it is broken' };

describe('What is kept of an action', { concurrency: 3 }, () => {
  it('holds no secret anywhere, where no policy says otherwise: not the action, not its plan, not the audit trail', async () => {
    const tenant = await tenantWith('data-default', {});
    const name = await tenant.file('note', { value: SECRET }, { intent });
    await tenant.until(name, ['AwaitingApproval']);
    const action = await client.getOrThrow(agentActions, { name, namespace: tenant.namespace });
    assert.equal(action.spec.intent.prompt, 'The token is <redacted>. Repair web.');
    assert.equal(action.spec.intent.summary, 'Repair web with <redacted>');
    const plan = await client.getOrThrow(actionPlans, { name: action.status?.plan?.name ?? '', namespace: tenant.namespace });
    // The value of a parameter is what runs: the spec of the action has it, and nothing else.
    const { parameters, ...rest } = action.spec;
    assert.ok(JSON.stringify(parameters).includes(SECRET));
    for (const [what, object] of Object.entries({ rest, metadata: action.metadata, status: action.status, plan: plan.spec }))
      assert.ok(!JSON.stringify(object).includes(SECRET), what);
    const failed = await tenant.until(await tenant.file('speaks'), ['RehearsalFailed']);
    assert.match(JSON.stringify(failed.status), /Termination message: token=<redacted>/);
    const report = await tenant.until(await tenant.file('reports'), ['NoEffect']);
    assert.equal(report.status?.results?.[0]?.content.trim(), 'login with <redacted> then go on');
    await eventually('the records in the sink', async () => exportedLogs().includes(name));
    assert.ok(!exportedLogs().includes(SECRET));
    // An edit is handled like what was filed, and what comes out the same is no edit.
    const { generation } = action.metadata;
    await tenant.agent.kubectl([
      'patch',
      'agentaction',
      name,
      '-n',
      tenant.namespace,
      '--type=merge',
      '-p',
      JSON.stringify({ spec: { intent } }),
    ]);
    const again = await client.getOrThrow(agentActions, { name, namespace: tenant.namespace });
    assert.deepEqual([again.spec.intent.prompt, again.metadata.generation], [action.spec.intent.prompt, generation]);
  });

  it('is a digest, or nothing, where policy says so', async () => {
    const tenant = await tenantWith('data-strict', {
      dataHandling: {
        prompts: 'Hashed',
        parameters: 'Hashed',
        logs: 'Dropped',
        diffs: 'Dropped',
        redact: { patterns: ['ACME-\\d+'] },
      },
    });
    const name = await tenant.file('note', { value: 'plain' }, { intent: { ...intent, summary: 'See ACME-1234' } });
    await tenant.until(name, ['AwaitingApproval']);
    const action = await client.getOrThrow(agentActions, { name, namespace: tenant.namespace });
    assert.match(action.spec.intent.prompt ?? '', /^sha256:[a-f0-9]{64}$/);
    assert.equal(action.spec.intent.summary, 'See <redacted>');
    const admitted = JSON.stringify(action.status?.outbox?.records[0]);
    assert.match(admitted, /sentinel\.parameters","value":"\{\\"value\\":\\"sha256:[a-f0-9]{64}/);
    const plan = await client.getOrThrow(actionPlans, { name: action.status?.plan?.name ?? '', namespace: tenant.namespace });
    assert.deepEqual(plan.spec.effects[0]?.change, [{ path: '/metadata/annotations/note', redacted: true }]);
    assert.deepEqual((await tenant.until(await tenant.file('reports'), ['NoEffect'])).status?.results ?? [], []);
    // What is hidden is pinned all the same: exactly this runs.
    assert.equal((await tenant.decide(tenant.approver, name, 'approve')).code, 0);
    await tenant.until(name, ['Succeeded']);
  });

  it('is deleted when its time is over, with plans and pre-images, and its chain verifies in what the sink has', async () => {
    const tenant = await tenantWith('data-retained', {});
    const name = await tenant.file('note', { value: 'kept' });
    await tenant.until(name, ['AwaitingApproval']);
    assert.equal((await tenant.decide(tenant.approver, name, 'approve')).code, 0);
    const { status, metadata } = await tenant.until(name, ['Succeeded']);
    const run = status?.stages?.find(({ stage }) => stage === 'run')?.uid ?? '';
    const ledger = async () =>
      (await client.list(secrets, { namespace: 'sentinel-ledger', labelSelector: `sentinel.dev/job=${run}` })).items.length +
      (await client.list(configmaps, { namespace: 'sentinel-ledger', labelSelector: `sentinel.dev/job=${run}` })).items.length;
    assert.equal(await ledger(), 2);
    await tenant.setPolicy({ dataHandling: { retainFor: '1s' } });
    await admin.kubectl(['annotate', 'agentaction', name, '-n', tenant.namespace, 'look=again']);
    await eventually(
      'the action to be gone',
      async () => (await client.get(agentActions, { name, namespace: tenant.namespace })) === null,
    );
    await eventually(
      'its plan to be gone',
      async () => (await client.get(actionPlans, { name: status?.plan?.name ?? '', namespace: tenant.namespace })) === null,
    );
    // The gateway looks every few minutes; here it is done at once, with its rights.
    const gateway = createClient(
      createTransport(
        loadConfig({ kubeconfig: paths.kubeconfig, as: 'system:serviceaccount:sentinel-system:sentinel-gateway' }),
        {
          userAgent: 'sentinel-tests',
        },
      ),
    );
    await sweepLedger(gateway, new Ledger(gateway));
    assert.equal(await ledger(), 0);
    const file = join(paths.cache, `export-${metadata.uid}.jsonl`);
    // The deletion is an act as well. The acts of the installation are a chain of their own, of which this is not a whole part.
    const exported = () =>
      exportedLogs(metadata.uid)
        .split('\n')
        .filter((line) => !line.includes('sentinel.trail.uid'))
        .join('\n');
    await eventually('the last record in the sink', async () => exported().includes('"sentinel.Retired"'));
    writeFileSync(file, exported());
    const verified = await admin.sentinel(['audit', 'verify', '--from', file]);
    assert.match(
      verified,
      new RegExp(`${tenant.namespace}/${name} \\(${metadata.uid}\\): records 1 to \\d+ verify, deleted since`),
    );
    writeFileSync(file, exported().replaceAll('approve by ada', 'approve by eve'));
    const forged = await admin.trySentinel(['audit', 'verify', '--from', file]);
    assert.deepEqual([forged.code, /was changed: its hash does not match/.test(forged.stdout)], [1, true]);
  });

  describe('is read', () => {
    let one: Tenant;
    let other: Tenant;
    before(async () => {
      [one, other] = [await makeTenant('data-one'), await makeTenant('data-other')];
      await one.until(await one.file('health-check'), ['NoEffect']);
    });

    it('by those of its own namespace alone: actions, plans, records, Events, results', async () => {
      for (const resource of ['agentactions', 'actionplans', 'events', 'events.events.k8s.io']) {
        const own = await one.agent.tryKubectl(['auth', 'can-i', 'list', resource, '-n', one.namespace]);
        const foreign = await other.agent.tryKubectl(['auth', 'can-i', 'list', resource, '-n', one.namespace]);
        assert.equal(foreign.stdout.trim(), 'no', `${resource} of another tenant (own: ${own.stdout.trim()})`);
      }
      for (const verb of [['audit', 'show', 'x'], ['audit', 'verify'], ['queue'], ['plan', 'x'], ['report', 'x']]) {
        const ran = await other.agent.trySentinel([...verb, '-n', one.namespace]);
        assert.notEqual(ran.code, 0, verb.join(' '));
        assert.match(ran.stderr, /forbidden|may not|cannot/i);
      }
    });

    it('in a sink by the namespace that each record and span carries, so that a pipeline can part tenants', async () => {
      await eventually('records of the tenant', async () => exportedLogs().includes(one.namespace));
      // Acts on what belongs to no namespace have a trail of their own.
      const records = receivedLogs().filter(
        ({ attributes }) => attributes['sentinel.record.hash'] !== undefined && attributes['sentinel.trail.name'] === undefined,
      );
      assert.ok(records.length > 0);
      for (const { attributes, body } of records) assert.ok(attributes['k8s.namespace.name'], body);
    });
  });
});
