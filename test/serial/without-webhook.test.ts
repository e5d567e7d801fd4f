import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { admin, eventually, example } from '../lib/cluster.ts';
import { whoAmI } from '../lib/people/answers.ts';
import { receivedLogs } from '../lib/telemetry.ts';
import { makeTenant, stateOf, type Tenant } from '../lib/tenant.ts';

// The rules about decisions stand inside the API server. Here the webhook's configuration is taken away, as an attacker or an
// accident would, and everything must still be refused; it is put back at the end, and waiting work goes on.

interface Kept {
  readonly metadata: {
    readonly name: string;
    readonly annotations?: Record<string, string>;
    readonly labels?: Record<string, string>;
  };
}

const byNobodyKnown = (transition: string, name: string) =>
  eventually(`${transition} of ${name} at the Collector`, async () =>
    receivedLogs().some(
      ({ attributes }) =>
        attributes['sentinel.transition'] === transition &&
        attributes['sentinel.object.name'] === name &&
        attributes['sentinel.actor'] === 'unknown',
    ),
  );

const KINDS = ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'] as const;

describe('Without the webhook', { concurrency: false }, () => {
  let tenant: Tenant;
  let waiting: string;
  let other: string;
  let digest: string;
  let kept: readonly (Kept & { kind: string; webhooks: unknown })[] = [];

  before(async () => {
    tenant = await makeTenant('no-webhook');
    await admin.apply(example('shop/workload.yaml').replaceAll('namespace: shop', `namespace: ${tenant.namespace}`));
    waiting = await tenant.file('set-image', { deployment: 'web', container: 'web', image: tenant.image });
    digest = (await tenant.until(waiting, ['AwaitingApproval'])).status?.plan?.digest ?? '';
    other = await tenant.file('set-image', { deployment: 'web', container: 'web', image: tenant.image });
    await tenant.until(other, ['AwaitingApproval']);
    kept = await Promise.all(KINDS.map((kind) => admin.get<(typeof kept)[number]>([kind, 'sentinel'])));
    for (const kind of KINDS) await admin.kubectl(['delete', kind, 'sentinel']);
  });

  const restore = async () => {
    for (const { kind, metadata, webhooks } of kept)
      await admin.apply(
        JSON.stringify({
          apiVersion: 'admissionregistration.k8s.io/v1',
          kind,
          metadata: { name: metadata.name, labels: metadata.labels ?? {}, annotations: metadata.annotations ?? {} },
          webhooks,
        }),
      );
  };

  after(restore);

  it('nothing can be filed: nobody would have stamped who asks', async () => {
    await assert.rejects(tenant.file('health-check'), /requested-by must name who creates the action/);
  });

  it('a stamp made by hand for somebody else is refused', async () => {
    const action = {
      apiVersion: 'sentinel.dev/v1alpha1',
      kind: 'AgentAction',
      metadata: {
        name: 'forged',
        namespace: tenant.namespace,
        annotations: { 'sentinel.dev/requested-by': '{"user":"ada","uid":"","groups":[]}' },
      },
      spec: { intent: { summary: 'x' }, playbookRef: { name: 'health-check' } },
    };
    const { code, stderr } = await tenant.agent.tryKubectl(['create', '-f', '-'], { input: JSON.stringify(action) });
    assert.equal(code, 1);
    assert.match(stderr, /requested-by must name who creates the action/);
  });

  it('a decision decides nothing, and says so', async () => {
    const { code, stderr } = await tenant.decide(tenant.approver, waiting, 'approve', digest);
    assert.equal(code, 1);
    assert.match(stderr, /the decision was not sealed, so nothing was decided/);
  });

  const record = async (user: string, groups: string[]) => {
    const { metadata } = await tenant.action(waiting);
    const named = {
      action: metadata.uid,
      plan: digest,
      user,
      uid: '',
      groups,
      extra: {},
      decision: 'approve',
      time: new Date().toISOString(),
      key: 'key-00000000',
      seal: 'AAAA',
    };
    return JSON.stringify(named);
  };
  const write = (text: string) =>
    tenant.approver.tryKubectl([
      ...['annotate', 'agentaction', waiting, '-n', tenant.namespace, `sentinel.dev/approvals=${text}`],
      `--field-manager=approve:${digest}`,
    ]);

  it('a record that names somebody else is refused', async () => {
    const { code, stderr } = await write(await record('bea', ['shop-approvers']));
    assert.equal(code, 1);
    assert.match(stderr, /a decision must name this action, its current plan, and who makes it/);
  });

  it('a record of one’s own can be written, but without a seal it counts for nothing', async () => {
    const { username, groups } = await whoAmI(tenant.approver);
    const { code, stderr } = await write(await record(username, groups));
    assert.equal(code, 0, stderr);
    await new Promise((resolve) => setTimeout(resolve, 2000));
    const action = await tenant.action(waiting);
    assert.equal(stateOf(action), 'AwaitingApproval');
    assert.match(action.status?.decisions?.[0]?.why ?? '', /key 'key-00000000', which is not known/);
  });

  it('trust in a Playbook cannot be had', async () => {
    const known = await admin.kubectl([
      'get',
      'playbook',
      'set-image',
      '-n',
      tenant.namespace,
      '-o',
      'jsonpath={.status.digest}',
    ]);
    const { code, stderr } = await tenant.truster.tryKubectl([
      'annotate',
      '--overwrite',
      'playbook',
      'set-image',
      '-n',
      tenant.namespace,
      `sentinel.dev/trust=${known}`,
      `--field-manager=trust:${known}`,
    ]);
    assert.equal(code, 1);
    assert.match(stderr, /the trust was not sealed for the current digest of this Playbook/);
  });

  it('a policy with faults comes past, which its status says', async () => {
    await admin.apply(`
apiVersion: sentinel.dev/v1alpha1
kind: AgentPolicy
metadata: {name: faulty, namespace: default}
spec: {modes: [DryRun], dataHandling: {redact: {patterns: ["("]}}}
`);
    await eventually('what is wrong with it', async () =>
      /dataHandling\.redact\.patterns\[0\]/.test(
        await admin.kubectl(['get', 'agentpolicy', 'faulty', '-n', 'default', '-o', 'yaml']),
      ),
    );
  });

  it('the kill switch works; who turned it on is not known, and the records say so', async () => {
    await admin.apply(
      '{apiVersion: sentinel.dev/v1alpha1, kind: AgentPolicy, metadata: {name: unnamed, namespace: default}, spec: {subjects: [{kind: User, name: nobody}], modes: [DryRun]}}',
    );
    await admin.kubectl([
      'patch',
      'agentpolicy',
      'unnamed',
      '-n',
      'default',
      '--type=merge',
      '-p',
      '{"spec":{"suspended":true}}',
    ]);
    await eventually('the suspension in the status', async () => {
      const { status } = await admin.get<{ status?: { suspension?: { by: string } } }>([
        'agentpolicy',
        'unnamed',
        '-n',
        'default',
      ]);
      return status?.suspension?.by === 'unknown';
    });
    await admin.kubectl(['delete', 'agentpolicy', 'unnamed', '-n', 'default']);
    for (const transition of ['PolicyCreated', 'PolicySuspended', 'PolicyDeleted']) await byNobodyKnown(transition, 'unnamed');
  });

  it('an action can be deleted, and the records say that it was, by nobody known', async () => {
    await admin.kubectl(['delete', 'agentaction', other, '-n', tenant.namespace]);
    await byNobodyKnown('ActionDeleted', other);
  });

  it('work goes on when the webhook is back', async () => {
    await restore();
    const { code, stderr } = await tenant.decide(tenant.approver, waiting, 'approve', digest);
    assert.equal(code, 0, stderr);
    await tenant.until(waiting, ['Succeeded']);
  });

  it('and turns on the kill switch of a policy that has faults, but changes nothing else of it', async () => {
    const patch = (spec: object) =>
      admin.tryKubectl(['patch', 'agentpolicy', 'faulty', '-n', 'default', '--type=merge', '-p', JSON.stringify({ spec })]);
    const { code, stderr } = await patch({ modes: ['Apply'], suspended: true });
    assert.equal(code, 1);
    assert.match(stderr, /dataHandling\.redact\.patterns\[0\]/);
    assert.equal((await patch({ suspended: true })).code, 0);
    await admin.kubectl(['delete', 'agentpolicy', 'faulty', '-n', 'default']);
  });
});
