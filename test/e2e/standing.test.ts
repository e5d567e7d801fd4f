import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { agentActions, annotations, OPERATOR_USER, type Playbook, playbooks, standingApprovalRequest } from '@sentinel/crds';
import { admin, eventually, Person, person, policyForAnyWrite } from '../lib/cluster.ts';
import { oneStep } from '../lib/one-step.ts';
import { accepted, refused } from '../lib/people/answers.ts';
import { type ActionView, client, makeTenant, messageOf, type Tenant } from '../lib/tenant.ts';

// A person approves in advance what a schedule changes: a run then waits for nobody, and its trail says who decided. It never covers what
// always needs a person who has seen the plan, and nobody else than that person can make it.

const every = '  schedule: {cron: "* * * * *", startingDeadlineSeconds: 600}\n';
const annotate = (name: string) =>
  oneStep(name, ['kubectl', 'annotate', '--overwrite', 'deployment', 'web', `${name}=yes`], { more: every });

// The truster lends the right to use the account. The people of `approvers-in-advance` may approve schedules.
const rights = `
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: use-remediator, namespace: shop}
rules: [{apiGroups: [sentinel.dev], resources: [accounts], resourceNames: [remediator], verbs: [use]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: use-remediator, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: use-remediator}
subjects: [{kind: User, apiGroup: rbac.authorization.k8s.io, name: tess}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: approve-schedules, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: sentinel-schedule-approver}
subjects:
- {kind: User, apiGroup: rbac.authorization.k8s.io, name: ada}
- {kind: User, apiGroup: rbac.authorization.k8s.io, name: tess}
- {kind: ServiceAccount, name: repair-agent, namespace: shop}`;

describe('A standing approval of a schedule', { concurrency: false }, () => {
  let tenant: Tenant;
  let namespace = '';
  const digestOf = (name: string): Promise<string> =>
    eventually(`the digest of ${name}`, async () => (await client.getOrThrow(playbooks, { name, namespace })).status?.digest);
  const inDays = (days: number) => `${new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 19)}Z`;
  const ask = async (who: Person, name: string, asked: string, manager = asked) =>
    who.tryKubectl([
      ...['annotate', 'playbook', name, '-n', namespace, `${annotations.decision}=${asked}`],
      `--field-manager=${manager}`,
    ]);
  const standingOf = async (name: string): Promise<string> =>
    (await client.getOrThrow(playbooks, { name, namespace })).metadata.annotations?.[annotations.standing] ?? '';
  /** The first action that the schedule files. */
  const filed = (name: string): Promise<ActionView> =>
    eventually(`an action of ${name}`, async () => {
      const { items } = await client.list(agentActions, { namespace });
      const found = items.find(({ metadata }) => metadata.name.startsWith(`${name}-scheduled-`));
      return found && (await tenant.action(found.metadata.name));
    });
  const decided = (action: ActionView) =>
    (action.status?.outbox?.records ?? []).filter(({ transition }) => transition === 'Decided');

  before(async () => {
    const names = ['alone', 'revoked', 'edited'];
    tenant = await makeTenant('standing', {
      playbooks: [
        ...names.map(annotate),
        oneStep('deleting', ['kubectl', 'delete', 'deployment', 'spare'], { more: every }),
        annotate('forged'),
        rights,
      ].join('\n'),
      policy: policyForAnyWrite()
        .replace('  subjects:\n', '  subjects:\n  - {kind: ServiceAccount, name: schedule, namespace: sentinel-schedules}\n')
        .replace('expiresAfter: 1h}', 'expiresAfter: 1h, standing: 7d}'),
    });
    namespace = tenant.namespace;
    await tenant.deploy('web', 'spare');
  });

  it('is refused to whoever wrote or trusted the Playbook, to agents and programs, and without what policy allows', async () => {
    const digest = await digestOf('forged');
    const asked = standingApprovalRequest(digest, inDays(5), 'Medium');
    refused(await ask(tenant.truster, 'forged', asked), /you trusted this Playbook/);
    refused(await ask(tenant.agent, 'forged', asked), /programs cannot decide|only people can/);
    refused(await ask(tenant.viewer, 'forged', asked), /cannot patch resource "playbooks"/);
    refused(await ask(tenant.approver, 'forged', asked, 'kubectl'), /add --field-manager=approve-schedule:sha256:/);
    const longer = standingApprovalRequest(digest, inDays(9), 'Medium');
    refused(await ask(tenant.approver, 'forged', longer), /policy allows standing approvals of at most 7d/);
    const other = standingApprovalRequest(`sha256:${'0'.repeat(64)}`, inDays(5), 'Medium');
    refused(await ask(tenant.approver, 'forged', other), /is not the current digest of the Playbook/);
    refused(await ask(tenant.approver, 'forged', standingApprovalRequest(digest, inDays(5), 'Critical')), /Low, Medium, High/);
    const never = standingApprovalRequest(digest, '2999-02-31T00:00:00Z', 'Low');
    refused(await ask(tenant.approver, 'forged', never), /an end such as/);
  });

  it('is given and revoked with one command, and shown in the list', async () => {
    for (const name of ['alone', 'revoked', 'edited', 'deleting']) {
      const args = ['schedules', 'approve', name, '-n', namespace, '--until', '5d', '--up-to-risk', 'High'];
      const said = await tenant.approver.sentinel([
        ...args,
        ...['--comment', 'Needed each night.', '--digest', await digestOf(name), '--yes'],
      ]);
      assert.match(said, /schedule approved until \d{4}-/);
    }
    const revoked = await tenant.approver.sentinel(['schedules', 'revoke', 'revoked', '-n', namespace, '--yes']);
    assert.match(revoked, /standing approvals revoked/);
    assert.match(await standingOf('revoked'), /^\{"standing":.*"decision":"revoke"/);
    await client.patch(playbooks, { name: 'edited', namespace }, { spec: { description: 'Another one.' } }, { type: 'merge' });
    assert.equal(await standingOf('edited'), '');
    await tenant.trust('edited');
    await eventually('the list', async () =>
      /\+ alone: standing approval of the schedule by ada at .*, up to the risk High, until/.test(
        await tenant.viewer.sentinel(['schedules', '-n', namespace]),
      ),
    );
  });

  it('cannot be written by hand: not as a copy, not by the operator, not with another end', async () => {
    const record = await standingOf('alone');
    const { uid } = (await client.getOrThrow(playbooks, { name: 'forged', namespace })).metadata;
    const parsed = JSON.parse(record) as { standing: string };
    const attempts = [record, record.replace(parsed.standing, uid ?? '')];
    const operator = new Person(admin.kubeconfig, { as: { user: OPERATOR_USER, groups: ['system:authenticated'] } });
    for (const attempt of attempts)
      for (const who of [admin, operator, tenant.approver]) {
        const patch = JSON.stringify({ metadata: { annotations: { [annotations.standing]: attempt } } });
        const answer = await who.tryKubectl(['patch', 'playbook', 'forged', '-n', namespace, '--type=merge', '-p', patch]);
        assert.notEqual(answer.code, 0, 'a copied record was taken');
      }
    assert.equal(await standingOf('forged'), '');
    const later = record.replace(/"expires":"\d{4}/, '"expires":"2999');
    const patch = JSON.stringify({ metadata: { annotations: { [annotations.standing]: later } } });
    refused(
      await admin.tryKubectl(['patch', 'playbook', 'alone', '-n', namespace, '--type=merge', '-p', patch]),
      /sentinel: |not sealed/,
    );
    assert.equal(await standingOf('alone'), record);
  });

  it('lets the action of the schedule run alone, and its trail says who decided, and on what', async () => {
    const { metadata } = await filed('alone');
    const ended = await tenant.until(metadata.name, ['Succeeded', 'Denied', 'RunFailed', 'Blocked', 'RehearsalFailed']);
    assert.match(JSON.stringify(ended.status?.conditions), /"reason":"Succeeded"/, messageOf(ended));
    const [record, ...more] = decided(ended);
    assert.equal(more.length, 0);
    assert.equal(record?.actor, 'ada');
    assert.match(record?.summary ?? '', /^approve by ada, by a standing approval of the schedule until .*: Needed each night\.$/);
    const details = Object.fromEntries((record?.details ?? []).map(({ name, value }) => [name, value]));
    assert.equal(details['sentinel.decision.by'], 'StandingApproval');
    assert.equal(details['sentinel.decision.playbook'], await digestOf('alone'));
    const web = JSON.parse(await admin.kubectl(['get', 'deployment', 'web', '-n', namespace, '-o', 'json'])) as Playbook;
    assert.equal(web.metadata.annotations?.alone, 'yes');
  });

  it('does not count once it is revoked or the Playbook is edited, and never for a deletion', async () => {
    const waits = async (name: string, why: RegExp | undefined) => {
      const { metadata } = await filed(name);
      const waiting = await tenant.until(metadata.name, ['AwaitingApproval', 'Succeeded', 'Denied']);
      assert.match(JSON.stringify(waiting.status?.conditions), /"AwaitingApproval"/, messageOf(waiting));
      const plan = await tenant.viewer.sentinel(['plan', metadata.name, '-n', namespace]);
      if (why) assert.match(plan, why);
      assert.equal(decided(waiting).length, 0);
      return metadata.name;
    };
    const [revoked = ''] = await Promise.all([
      waits('revoked', undefined),
      waits('edited', undefined),
      waits('forged', undefined),
      waits('deleting', /standing approval of the schedule by ada .*\(does not count: .*deletes/),
    ]);
    accepted(await tenant.decide(await person('bea', ['shop-approvers', 'shop-viewers']), revoked, 'approve'));
    await tenant.until(revoked, ['Succeeded']);
  });
});
