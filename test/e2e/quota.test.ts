import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { actionPlanParts, actionPlans, agentActions, namespaces } from '@sentinel/crds';
import { configmaps, type KubeObject, type ResourceKind, secrets, storedSize } from '@sentinel/kube';
import { bytesOfQuantity } from '@sentinel/policy';
import { admin, eventually, policyForAnyPlaybook } from '../lib/cluster.ts';
import { annotateWeb, oneStep } from '../lib/one-step.ts';
import { client, makeTenant, messageOf, stateOf, type Tenant } from '../lib/tenant.ts';

// An agent that files actions in a loop, with plans as large as it can make them, must not fill the etcd of the whole cluster, nor queue
// up so much that nobody sees the rest.

const STORAGE = '8Mi';
const range = (count: number) => Array.from({ length: count }, (_, index) => index);

/** Nine ConfigMaps, each as large as a value may be that is still searched and shown. More of them would be a risk that no policy here covers. */
const big = [
  'awk \'BEGIN { for (i = 0; i < 9; i++) { print "---\\napiVersion: v1\\nkind: ConfigMap\\nmetadata: {name: big-" i "}\\ndata:\\n  text: |";',
  'for (line = 0; line < 4000; line++) print "    line " i " " line } }\' > /tmp/big.yaml && kubectl create -f /tmp/big.yaml',
].join(' ');

const policy = (limits: string) =>
  policyForAnyPlaybook()
    .replace('limits: {duration: 3m, objects: 5}', `limits: {duration: 3m, objects: 20, ${limits}}`)
    .replace(
      '  approvals:\n',
      '  - {apiGroups: [""], resources: [configmaps], verbs: [create], decision: RequireApproval}\n  approvals:\n',
    );

const tryToFile = (tenant: Tenant, playbook: string, name: string, parameters: readonly object[] = []) => {
  const spec = { intent: { summary: name }, playbookRef: { name: playbook }, parameters };
  const action = {
    apiVersion: 'sentinel.dev/v1alpha1',
    kind: 'AgentAction',
    metadata: { name, namespace: tenant.namespace },
    spec,
  };
  return tenant.agent.tryKubectl(['create', '-f', '-'], { input: JSON.stringify(action) });
};
const key = (value: string) => [{ name: 'key', value }];

/** What is stored for the actions of a namespace, in bytes, as an admin counts it. */
async function storedFor(namespace: string): Promise<{ tenant: number; ledger: number }> {
  const sum = (items: readonly object[]) => items.reduce((all, item) => all + storedSize(item), 0);
  const own = async <T extends KubeObject>(kind: ResourceKind<T>) => sum((await client.list(kind, { namespace })).items);
  const claims = (await client.list(configmaps, { namespace: namespaces.ledger })).items.filter(({ data }) =>
    (data as Record<string, string> | undefined)?.action?.startsWith(`${namespace}/`),
  );
  const jobs = claims.map(({ metadata }) => metadata.labels?.['sentinel.dev/job'] ?? '');
  const entries = (await client.list(secrets, { namespace: namespaces.ledger })).items.filter(({ metadata }) =>
    jobs.includes(metadata.labels?.['sentinel.dev/job'] ?? '-'),
  );
  const tenant = (await own(agentActions)) + (await own(actionPlans)) + (await own(actionPlanParts));
  return { tenant, ledger: sum(claims) + sum(entries) };
}

describe('An agent that files actions with large plans in a loop', { concurrency: false }, () => {
  let hostile: Tenant;
  let calm: Tenant;
  const waiting: string[] = [];

  before(async () => {
    [hostile, calm] = (await Promise.all([
      makeTenant('quota-hostile', { playbooks: oneStep('big', ['sh', '-c', big]), policy: policy(`storage: ${STORAGE}`) }),
      makeTenant('quota-calm', { playbooks: annotateWeb('touch'), policy: policy('open: 100') }),
    ])) as [Tenant, Tenant];
    await calm.deploy('web');
  });

  it('is refused with what its namespace has stored and what to do, and stores no more than it may', async (t) => {
    const refused: string[] = [];
    for (const at of range(24)) {
      const name = `big-${at}`;
      const { code, stderr } = await tryToFile(hostile, 'big', name);
      if (code !== 0) refused.push(stderr);
      else {
        const action = await hostile.until(name, ['AwaitingApproval', 'RehearsalFailed', 'Denied']);
        if (stateOf(action) === 'AwaitingApproval') waiting.push(name);
        else refused.push(messageOf(action));
      }
      if (refused.length >= 3) break;
    }
    const { tenant, ledger } = await storedFor(hostile.namespace);
    t.diagnostic(`${waiting.length} plans stored; ${tenant} bytes of the namespace, ${ledger} of its ledger`);
    t.diagnostic(refused[0] ?? '');
    assert.ok(waiting.length >= 2, 'plans within the limit are stored');
    assert.ok(refused.length >= 3, 'it was not refused');
    for (const message of refused)
      assert.match(
        message,
        /exceeded quota: actions of namespace 'quota-hostile-[0-9a-f]+' take [0-9.]+ MiB .* at most 8Mi are allowed \(AgentPolicy\/quota-hostile-[0-9a-f]+: limits\.storage\)\. Delete actions that have ended/,
      );
    assert.ok(tenant + ledger <= bytesOfQuantity(STORAGE), `${tenant + ledger} bytes are stored`);
  });

  it('takes nothing from another namespace, whose action finishes', async () => {
    const { code, stderr } = await tryToFile(calm, 'touch', 'calm', key('calm'));
    assert.equal(code, 0, stderr);
    await calm.until('calm', ['AwaitingApproval']);
    const decided = await calm.decide(calm.approver, 'calm', 'approve');
    assert.equal(decided.code, 0, decided.stderr);
    await calm.until('calm', ['Succeeded']);
  });

  it('loses nothing that waits: it is approved and runs, with what a rollback needs, and is cancelled', async () => {
    // Nothing more is admitted, by the webhook already.
    await hostile.setPolicy({ limits: { storage: '1Mi' } });
    const message = await eventually('the refusal of the webhook', async () => {
      const { stderr } = await tryToFile(hostile, 'big', `late-${Date.now()}`);
      return /at most 1Mi are allowed/.test(stderr) && stderr;
    });
    assert.match(message, /Error from server \(Forbidden\)[\s\S]*sentinel: exceeded quota: actions of namespace/);
    const [first = '', second = ''] = waiting;
    await client.patch(
      agentActions,
      { name: second, namespace: hostile.namespace },
      { spec: { cancelled: true } },
      { type: 'merge' },
    );
    await hostile.until(second, ['Cancelled']);
    const decided = await hostile.decide(hostile.approver, first, 'approve');
    assert.equal(decided.code, 0, decided.stderr);
    const ended = await hostile.until(first, ['Succeeded']);
    assert.equal(ended.status?.outbox?.records.at(-1)?.transition, 'Ended');
  });

  it('gets its room back with the deletion of ended actions, from the ledger as well', async () => {
    const ended = waiting.slice(0, 2);
    const before = await storedFor(hostile.namespace);
    await admin.kubectl(['delete', 'agentaction', ...ended, '-n', hostile.namespace, '--timeout=60s']);
    const left = await eventually('what is left', async () => {
      const now = await storedFor(hostile.namespace);
      return now.ledger < before.ledger * 0.9 && now.tenant < before.tenant * 0.9 && now;
    });
    assert.ok(left.tenant + left.ledger < before.tenant + before.ledger);
  });
});

describe('An agent that files more actions than people can look at', { concurrency: false }, () => {
  const OPEN = 3;
  const REPLICAS = 2;
  let tenant: Tenant;
  const names: string[] = [];

  before(async () => {
    tenant = await makeTenant('quota-open', { playbooks: annotateWeb('touch'), policy: policy(`open: ${OPEN}`) });
    await tenant.deploy('web');
  });

  it('is refused beyond the number that may be open, also when it files them all at once', async (t) => {
    const answers = await Promise.all(range(16).map((at) => tryToFile(tenant, 'touch', `many-${at}`, key(`many-${at}`))));
    for (const [at, { code, stderr }] of answers.entries()) {
      if (code === 0) names.push(`many-${at}`);
      else
        assert.match(
          stderr,
          /exceeded quota: namespace 'quota-open-[0-9a-f]+' has [0-9]+ actions that have not ended; at most 3 are allowed \(AgentPolicy\/quota-open-[0-9a-f]+: limits\.open\)\. Wait until some have ended, or cancel/,
        );
    }
    t.diagnostic(`${names.length} of 16 were admitted`);
    // Replicas of the webhook do not see at once what the others admit.
    assert.ok(names.length >= OPEN && names.length <= OPEN * REPLICAS, `${names.length} were admitted`);
    const { code, stderr } = await tryToFile(tenant, 'touch', 'more', key('more'));
    assert.equal(code, 1);
    assert.match(stderr, /exceeded quota/);
  });

  it('may go on when some have ended', async () => {
    for (const name of names)
      await client.patch(agentActions, { name, namespace: tenant.namespace }, { spec: { cancelled: true } }, { type: 'merge' });
    for (const name of names) await tenant.until(name, ['Cancelled']);
    await eventually('another one', async () => (await tryToFile(tenant, 'touch', 'again', key('again'))).code === 0);
    await tenant.until('again', ['AwaitingApproval']);
  });
});
