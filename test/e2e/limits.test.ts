import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { admin, eventually, example, person } from '../lib/cluster.ts';
import { hold, whileHeld } from '../lib/hold.ts';
import { oneStep } from '../lib/one-step.ts';
import { makeTenant, messageOf, stateOf, type Tenant } from '../lib/tenant.ts';

// What policies say beside approvals and API rules: commands, limits under concurrency, freezes, high risk, audits without refusal.

const note = (deployment: string, value: string) => [
  'kubectl',
  'annotate',
  '--overwrite',
  'deployment',
  deployment,
  `note=${value}`,
];
const slow = (deployment: string) => ['sh', '-c', `${note(deployment, 'slow').join(' ')} && ${whileHeld('held')}`];

async function tenantWith(name: string, policy: object, playbooks = ''): Promise<Tenant> {
  const tenant = await makeTenant(name, { playbooks });
  await tenant.deploy('web', 'api');
  await tenant.setPolicy({ playbooks: { trustedOnly: true, allow: null }, ...policy });
  return tenant;
}

const approve = async (tenant: Tenant, name: string) => {
  await tenant.until(name, ['AwaitingApproval']);
  assert.equal((await tenant.decide(tenant.approver, name, 'approve')).code, 0);
};

describe('A policy', { concurrency: 3 }, () => {
  it('refuses a command, at filing, in the words of the rule, also inside of a script', async () => {
    const tenant = await tenantWith(
      'limits-commands',
      {
        commands: [
          { prefix: ['kubectl', 'annotate|get'], decision: 'Allow' },
          { prefix: ['kubectl', 'delete'], decision: 'Deny', justification: 'Deletions go through Git.' },
        ],
      },
      oneStep('plain', note('web', 'x')) + oneStep('hidden', ['sh', '-c', 'true && kubectl -n other delete pod x']),
    );
    await assert.rejects(
      tenant.file('hidden'),
      /step 'one': 'kubectl -n other delete pod x' is denied by 'kubectl delete': Deletions go through Git\. \(AgentPolicy\/[a-z0-9-]+: commands\[1\]\)/,
    );
    const allowed = await tenant.until(await tenant.file('plain'), ['AwaitingApproval']);
    assert.equal(allowed.status?.plan?.risk, 'Low');
  });

  it('lets one run at a time change an object, and others in the order in which they came', async () => {
    const tenant = await tenantWith(
      'limits-target',
      {},
      oneStep('slow-web', slow('web')) + oneStep('web', note('web', 'after')) + oneStep('api', note('api', 'x')),
    );
    const [first, second, other] = [await tenant.file('slow-web'), await tenant.file('web'), await tenant.file('api')];
    for (const name of [first, second, other]) await tenant.until(name, ['AwaitingApproval']);
    const letGo = await hold(tenant, 'held');
    await approve(tenant, first);
    await tenant.until(first, ['Running']);
    await Promise.all([approve(tenant, second), approve(tenant, other)]);
    const held = await tenant.until(second, ['Starting']);
    assert.match(
      messageOf(held),
      new RegExp(`it waits for ${tenant.namespace}/${first}, which changes the same object; place 1 in the queue`),
    );
    assert.equal(stateOf(await tenant.until(other, ['Running', 'Succeeded'])) !== 'Starting', true);
    await letGo();
    const done = await tenant.until(second, ['Succeeded', 'Blocked', 'RunFailed']);
    // The first run changed the field that the second plan had seen: what was approved is not what would happen now.
    assert.equal(stateOf(done), 'Blocked', messageOf(done));
    const runs = await Promise.all([first, second].map((name) => tenant.action(name)));
    const [a, b] = runs.map(({ status }) => status?.stages?.find(({ stage }) => stage === 'run'));
    assert.ok(Date.parse(b?.startedAt ?? '') >= Date.parse(a?.finishedAt ?? ''), 'the runs overlapped');
  });

  it('has as many runs under way as it allows, also when all are approved at once', async () => {
    const names = ['one', 'two', 'three'];
    const tenant = await tenantWith(
      'limits-concurrent',
      { limits: { concurrent: 1 } },
      names
        .map((name) => oneStep(name, ['sh', '-c', `kubectl annotate --overwrite deployment web ${name}=x && sleep 2`]))
        .join(''),
    );
    await admin.apply(
      ['two', 'three']
        .map((name) =>
          example('shop/workload.yaml')
            .replaceAll('namespace: shop', `namespace: ${tenant.namespace}`)
            .replaceAll('name: web\n', `name: ${name}\n`),
        )
        .join('\n---\n'),
    );
    const filed = await Promise.all(names.map((name) => tenant.file(name)));
    for (const name of filed) await tenant.until(name, ['AwaitingApproval']);
    await Promise.all(filed.map((name) => approve(tenant, name)));
    const done = await Promise.all(filed.map((name) => tenant.until(name, ['Succeeded'])));
    const runs = done
      .map(({ status }) => status?.stages?.find(({ stage }) => stage === 'run'))
      .map((run) => [Date.parse(run?.startedAt ?? ''), Date.parse(run?.finishedAt ?? '')] as const)
      .sort(([a], [b]) => a - b);
    for (const [index, [begun]] of runs.entries())
      assert.ok(index === 0 || begun >= (runs[index - 1]?.[1] ?? 0), `runs overlapped: ${JSON.stringify(runs)}`);
  });

  it('lets in as many actions a day as it says, however many come at the same moment', async () => {
    const tenant = await tenantWith('limits-day', { limits: { perDay: 3 } });
    const filed = await Promise.all(Array.from({ length: 6 }, () => tenant.file('health-check')));
    const ends = await Promise.all(filed.map((name) => tenant.until(name, ['NoEffect', 'Denied', 'RehearsalFailed'])));
    const denied = ends.filter((one) => stateOf(one) === 'Denied');
    assert.equal(denied.length, 3, ends.map(messageOf).join('\n'));
    assert.match(
      messageOf(denied[0] as never),
      /has had 3 actions in 24 hours, edits included; at most 3 are allowed \(AgentPolicy\/[a-z0-9-]+: limits\.perDay\)/,
    );
  });

  it('holds what is approved while it is frozen, and says until when', async () => {
    const tenant = await tenantWith(
      'limits-freeze',
      { freeze: [{ schedule: '* * * * *', duration: '1h', reason: 'release day' }] },
      oneStep('plain', note('web', 'x')),
    );
    const name = await tenant.file('plain');
    await approve(tenant, name);
    const held = await tenant.until(name, ['Starting']);
    assert.match(messageOf(held), /nothing starts before 20\d\d-.*Z: release day \(AgentPolicy\/[a-z0-9-]+: freeze\[0\]\)/);
    await tenant.setPolicy({ freeze: null });
    await tenant.until(name, ['Succeeded']);
  });

  it('refuses outright what it calls of high risk, after the rehearsal has seen it', async () => {
    const tenant = await tenantWith(
      'limits-high-risk',
      {
        highRisk: [
          { apiGroups: ['apps'], resources: ['deployments'], refuse: true, justification: 'web is frozen for the audit' },
        ],
      },
      oneStep('plain', note('web', 'x')),
    );
    const ended = await tenant.until(await tenant.file('plain'), ['Denied']);
    assert.match(
      messageOf(ended),
      /patch deployments 'web' is refused outright: web is frozen for the audit \(AgentPolicy\/[a-z0-9-]+: highRisk\[0\]\)/,
    );
  });

  it('that only audits refuses nothing and says what it would have refused', async () => {
    const tenant = await tenantWith('limits-audit', {}, oneStep('plain', note('web', 'x')));
    await admin.apply(`
apiVersion: sentinel.dev/v1alpha1
kind: AgentPolicy
metadata: {name: trial, namespace: ${tenant.namespace}}
spec:
  auditOnly: true
  modes: [DryRun]
  kubernetes: [{apiGroups: [""], resources: [pods], verbs: [get], decision: Allow}]
`);
    const name = await tenant.file('plain');
    const waiting = await tenant.until(name, ['AwaitingApproval']);
    const admitted = waiting.status?.conditions?.find(({ type }) => type === 'Admitted');
    assert.match(
      admitted?.message ?? '',
      /only audited: mode 'Apply' is not allowed; allowed: DryRun \(AgentPolicy\/trial: modes\)/,
    );
    const records = JSON.stringify(waiting.status?.outbox?.records);
    assert.match(
      records,
      /sentinel\.policy\.audit_only.*patch deployments\.apps in namespace '[a-z0-9-]+' is denied: no rule allows it/,
    );
  });
});

describe('kubectl sentinel policy, on a cluster', () => {
  it('says why an action is where it is, and what another policy would say of past actions', async () => {
    const tenant = await tenantWith('limits-explain', {}, oneStep('plain', note('web', 'x')));
    const name = await tenant.file('plain');
    await tenant.until(name, ['AwaitingApproval']);
    const where = ['-n', tenant.namespace];
    assert.match(await admin.sentinel(['policy', 'explain', name, ...where]), /needs 1 approval from shop-approvers at risk Low/);
    const folder = mkdtempSync(join(tmpdir(), 'sentinel-simulate-'));
    const changed = join(folder, 'changed.yaml');
    writeFileSync(
      changed,
      `apiVersion: sentinel.dev/v1alpha1\nkind: AgentPolicy\nmetadata: {name: ${tenant.namespace}, namespace: ${tenant.namespace}}\nspec: {modes: [DryRun]}\n`,
    );
    const simulated = await admin.sentinel(['policy', 'simulate', '-f', changed, ...where]);
    assert.match(simulated, /plain-\d+ +AwaitingApproval[\s\S]*refused[\s\S]*mode 'Apply' is not allowed/);
    assert.match(simulated, /1 of 1 /);
    const agent = `system:serviceaccount:${tenant.namespace}:repair-agent`;
    const asked = await admin.trySentinel(['policy', 'can-i', '--as', agent, ...where, '--api', 'patch deployments.apps/web']);
    assert.equal(asked.code, 3, asked.stderr);
  });
});

describe('The kill switch', () => {
  const untilRefused = 'while kubectl get configmap held --ignore-not-found -o name | grep -q held; do sleep 0.5; done';

  it('ends a run at once, keeps what it printed, and leaves what was done as it is', async () => {
    const tenant = await tenantWith(
      'limits-kill',
      {},
      // It ends well as soon as the gateway refuses it, which is not a success.
      oneStep('long', ['sh', '-c', `${note('web', 'begun').join(' ')} && echo half-way && ${untilRefused}`]),
    );
    const name = await tenant.file('long');
    await tenant.until(name, ['AwaitingApproval']);
    await hold(tenant, 'held');
    await approve(tenant, name);
    const read = () =>
      admin.kubectl(['get', 'deployment', 'web', '-n', tenant.namespace, '-o', 'jsonpath={.metadata.annotations.note}']);
    await eventually('what it prints', async () => {
      const run = (await tenant.action(name)).status?.stages?.find(({ stage }) => stage === 'run')?.name;
      const { stdout } = await admin.tryKubectl(['logs', '-n', 'sentinel-sandboxes', '-l', `job-name=${run}`, '-c', 'step-one']);
      return stdout.includes('half-way');
    });
    await tenant.setPolicy({ suspended: true });
    const ended = await tenant.until(name, ['RunFailed']);
    assert.match(
      messageOf(ended),
      /stopped by the kill switch of AgentPolicy\/[a-z0-9-]+ \(by admin since [^)]+\); 1 of 1 approved effects carried out, and stay/,
    );
    assert.match(ended.status?.results?.[0]?.content ?? '', /run, step 'one':[\s\S]*half-way/);
    assert.equal(await read(), 'begun');
    await tenant.setPolicy({ suspended: false });
    await new Promise((resolve) => setTimeout(resolve, 1500));
    assert.equal(stateOf(await tenant.action(name)), 'RunFailed');
  });
});

describe('Who writes policies', () => {
  let tenant: Tenant;
  before(async () => {
    tenant = await makeTenant('limits-writers');
  });

  it('is never an agent, whatever rights it holds', async () => {
    await admin.apply(`
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: too-much, namespace: ${tenant.namespace}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: ServiceAccount, name: repair-agent, namespace: ${tenant.namespace}}]
`);
    const tries: readonly (readonly string[])[] = [
      ['patch', 'agentpolicy', tenant.namespace, '-n', tenant.namespace, '--type=merge', '-p', '{"spec":{"modes":["Apply"]}}'],
      ['delete', 'agentpolicy', tenant.namespace, '-n', tenant.namespace],
    ];
    for (const args of tries) {
      const { code, stderr } = await eventually('the right', async () => {
        const answer = await tenant.agent.tryKubectl(args);
        return /cannot (patch|delete) resource/.test(answer.stderr) ? undefined : answer;
      });
      assert.equal(code, 1);
      assert.match(stderr, /may not modify policies, because it is an agent \(AgentPolicy\/[a-z0-9-]+ names it in `subjects`\)/);
    }
  });

  it('whose approval holds no weight is told so: members of system:masters', async () => {
    await admin.apply(example('shop/workload.yaml').replaceAll('namespace: shop', `namespace: ${tenant.namespace}`));
    const name = await tenant.file('set-image', { deployment: 'web', container: 'web', image: tenant.image });
    await tenant.until(name, ['AwaitingApproval']);
    const root = await person('root', ['system:masters', 'shop-approvers']);
    const { code, stderr } = await tenant.decide(root, name, 'approve');
    assert.equal(code, 1);
    assert.match(stderr, /policy refuses approvals of members of 'system:masters', and you are one/);
  });
});
