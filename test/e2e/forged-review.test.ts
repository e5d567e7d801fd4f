import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Ran } from '../../tools/run.ts';
import { admin, eventually, type Person, person } from '../lib/cluster.ts';
import { openWebhookPort, type ReviewResponse, type WebhookPort } from '../lib/hostile/webhook-port.ts';
import { annotateWeb } from '../lib/one-step.ts';
import { refused, whoAmI } from '../lib/people/answers.ts';
import { deployIdleWeb } from '../lib/people/idle-web.ts';
import { APPROVALS, recordsOf } from '../lib/people/records.ts';
import { filersOf, mayFile, policyAbout } from '../lib/people/requester.ts';
import { type ActionView, makeTenant, messageOf, stateOf, type Tenant } from '../lib/tenant.ts';

// Who reaches the webhook past the API server may have it seal what they like, and gains nothing by it.

const rights = (ns: string) => `
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: patchers, namespace: ${ns}}
rules: [{apiGroups: [sentinel.dev], resources: [agentactions], verbs: [get, patch, update]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: patchers, namespace: ${ns}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: patchers}
subjects: [{kind: User, apiGroup: rbac.authorization.k8s.io, name: mallory}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: more-approvers, namespace: ${ns}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: sentinel-approver}
subjects:
- {kind: User, apiGroup: rbac.authorization.k8s.io, name: otto}
- {kind: User, apiGroup: rbac.authorization.k8s.io, name: rita}
${mayFile('rita', ns)}`;

/** Annotates an action, in a request that says that it approves the plan. */
const annotate = async (who: Person, tenant: Tenant, name: string, annotations: Record<string, string>): Promise<Ran> =>
  who.tryKubectl([
    ...['patch', 'agentaction', name, '-n', tenant.namespace, '--type=merge'],
    ...['-p', JSON.stringify({ metadata: { annotations } })],
    `--field-manager=approve:${(await tenant.action(name)).status?.plan?.digest}`,
  ]);

describe('A review of one’s own, straight to the webhook', { concurrency: false }, () => {
  let tenant: Tenant;
  let action: string;
  let mallory: Person;
  let rita: Person;
  let otto: Person;
  let webhook: WebhookPort;

  before(async () => {
    tenant = await makeTenant('side-forged', { playbooks: annotateWeb('touch'), policy: policyAbout('rita', 1) });
    await admin.apply(rights(tenant.namespace));
    await deployIdleWeb(tenant.namespace);
    [mallory, rita, otto] = await Promise.all([
      person('mallory', ['shop-viewers']),
      person('rita', [filersOf('rita'), 'shop-approvers', 'shop-viewers']),
      person('otto', ['shop-viewers']),
    ]);
    action = await tenant.file('touch', { key: 'forged' });
    await tenant.until(action, ['AwaitingApproval']);
    webhook = await openWebhookPort();
  });

  after(() => webhook.close());

  /** What the webhook answers to a review that says that `userInfo` approves; `forge` changes what it says of the action. */
  async function review(
    name: string,
    userInfo: { username: string; groups: string[]; extra?: Record<string, string[]> },
    forge: (object: Record<string, never>) => void = () => undefined,
  ): Promise<ReviewResponse> {
    const live = await admin.get<Record<string, never>>(['agentaction', name, '-n', tenant.namespace]);
    forge(live);
    const { metadata, status } = live as unknown as ActionView;
    const decision = { 'sentinel.dev/decision': 'approve', 'sentinel.dev/plan': status?.plan?.digest ?? '' };
    const object = { ...live, metadata: { ...metadata, annotations: { ...metadata.annotations, ...decision } } };
    const request = {
      uid: 'forged',
      resource: { group: 'sentinel.dev', version: 'v1alpha1', resource: 'agentactions' },
      operation: 'UPDATE',
      namespace: tenant.namespace,
      name,
      userInfo,
      object,
      oldObject: live,
      options: { kind: 'UpdateOptions', fieldManager: `approve:${status?.plan?.digest}` },
    };
    return await webhook.post('/mutate', request);
  }

  /** The record that came back, with its seal. */
  function sealed(answer: ReviewResponse): string {
    assert.equal(answer.allowed, true, answer.status?.message);
    const patch = JSON.parse(Buffer.from(answer.patch ?? '', 'base64').toString('utf8')) as {
      path: string;
      value: Record<string, string>;
    }[];
    const line =
      patch
        .find(({ path }) => path === '/metadata/annotations')
        ?.value[APPROVALS]?.split('\n')
        .at(-1) ?? '';
    assert.match((JSON.parse(line) as { seal: string }).seal, /^[A-Za-z0-9+/]{86}==$/);
    return line;
  }

  /** Somebody by name and groups alone: a forged review brings the claims that it likes. */
  const nameOf = async (who: Person) => {
    const { username, groups } = await whoAmI(who);
    return { username, groups };
  };

  const wrongName = 'sentinel: a decision must name this action, its current plan, and who makes it';
  const stillWaits = async (name: string) => {
    const found = await tenant.action(name);
    assert.equal(stateOf(found), 'AwaitingApproval', messageOf(found));
    assert.deepEqual(recordsOf(found), []);
  };

  it('changes nothing by itself: what comes back is an answer and no more', async () => {
    sealed(await review(action, { username: 'ada', groups: ['shop-approvers', 'shop-viewers', 'system:authenticated'] }));
    await stillWaits(action);
  });

  it('that names an approver gets a seal that nobody else can use, and the approver has it from nobody', async () => {
    const line = sealed(
      await review(action, { username: 'ada', groups: ['shop-approvers', 'shop-viewers', 'system:authenticated'] }),
    );
    for (const who of [mallory, otto, rita, tenant.agent, admin]) {
      const answer = await annotate(who, tenant, action, { [APPROVALS]: line });
      assert.notEqual(answer.code, 0, 'it was taken');
      assert.match(
        answer.stderr,
        /a decision must name this action, its current plan, and who makes it|cannot patch resource|you can act as the requester/,
      );
    }
    await stillWaits(action);
  });

  it('that names oneself is refused without the right, and with groups that one does not have the seal does not fit', async () => {
    const plain = await review(action, { username: 'mallory', groups: ['shop-viewers', 'system:authenticated'] });
    assert.equal(plain.allowed, false);
    assert.match(plain.status?.message ?? '', /'mallory' does not hold the verb 'approve'/);
    for (const more of ['shop-approvers', 'shop-viewers']) {
      const names = { username: 'mallory', groups: ['shop-approvers', more, 'system:authenticated'] };
      const line = sealed(await review(action, names));
      refused(await annotate(mallory, tenant, action, { [APPROVALS]: line }), wrongName);
    }
    await stillWaits(action);
  });

  it('that hides who asked does not let them approve', async () => {
    const name = 'ritas';
    const spec = { intent: { summary: 'Own' }, playbookRef: { name: 'touch' }, parameters: [{ name: 'key', value: 'own' }] };
    const object = {
      apiVersion: 'sentinel.dev/v1alpha1',
      kind: 'AgentAction',
      metadata: { name, namespace: tenant.namespace },
      spec,
    };
    await rita.kubectl(['create', '-f', '-'], { input: JSON.stringify(object) });
    await tenant.until(name, ['AwaitingApproval']);
    const me = await nameOf(rita);
    const honest = await review(name, me);
    assert.match(honest.status?.message ?? '', /you asked for this action: somebody else must approve it/);
    const forged = (stamp: string | undefined) =>
      review(name, me, (live) => {
        const { annotations } = (live as unknown as ActionView).metadata;
        if (stamp === undefined) delete annotations['sentinel.dev/requested-by'];
        else annotations['sentinel.dev/requested-by'] = stamp;
      });
    // Without a stamp nobody knows whose approval it needs; with another's, the API server knows better.
    assert.match((await forged(undefined)).status?.message ?? '', /the requester or an editor of this action is unknown/);
    const line = sealed(await forged('{"user":"somebody","uid":"","groups":[]}'));
    refused(
      await annotate(rita, tenant, name, { [APPROVALS]: line }),
      'you asked for this action, or edited it, or the agent acts on your behalf: somebody else must approve it',
    );
    await stillWaits(name);
  });

  it('that brings claims which policy requires gets a seal that does not fit: the record names them', async () => {
    const name = await tenant.file('touch', { key: 'claims' });
    await tenant.until(name, ['AwaitingApproval']);
    const { namespace } = tenant;
    const spec = {
      subjects: [{ kind: 'ServiceAccount', name: 'repair-agent', namespace }],
      modes: ['DryRun', 'Apply'],
      identity: { approverClaims: [{ name: 'example.com/mfa', values: ['true'] }] },
    };
    const floor = { apiVersion: 'sentinel.dev/v1alpha1', kind: 'ClusterAgentPolicy', metadata: { name: namespace }, spec };
    await admin.apply(JSON.stringify(floor));
    try {
      const me = await nameOf(tenant.approver);
      assert.match((await review(name, me)).status?.message ?? '', /the claim 'example\.com\/mfa' must be one of true/);
      const line = sealed(await review(name, { ...me, extra: { 'example.com/mfa': ['true'] } }));
      refused(
        await annotate(tenant.approver, tenant, name, { [APPROVALS]: line }),
        'sentinel: a decision must name the claims of who makes it as the API server authenticated them',
      );
    } finally {
      await admin.kubectl(['delete', 'clusteragentpolicy', namespace]);
    }
    await stillWaits(name);
  });

  it('that hides what policy asks for gets a seal that does not count', async () => {
    const me = await nameOf(otto);
    const honest = await review(action, me);
    assert.match(honest.status?.message ?? '', /policy asks for an approver from one of the groups shop-approvers/);
    const line = sealed(
      await review(action, me, (live) => {
        delete (live as unknown as { status: { required?: unknown } }).status.required;
      }),
    );
    const { code, stderr } = await annotate(otto, tenant, action, { [APPROVALS]: line });
    assert.equal(code, 0, stderr);
    const decided = await eventually('the decision in the status', async () => {
      const now = await tenant.action(action);
      return now.status?.decisions?.length === 1 && now;
    });
    assert.equal(stateOf(decided), 'AwaitingApproval', messageOf(decided));
    assert.deepEqual(
      decided.status?.decisions?.map(({ user, counts, why }) => [user, counts, why]),
      [['otto', false, 'the user is in none of the groups shop-approvers']],
    );
  });
});
