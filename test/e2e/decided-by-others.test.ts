import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { auditEntries } from '../lib/audit-log.ts';
import { admin, eventually, type Person, person } from '../lib/cluster.ts';
import { annotateWeb } from '../lib/one-step.ts';
import { whoAmI } from '../lib/people/answers.ts';
import { deployIdleWeb } from '../lib/people/idle-web.ts';
import { recordsOf } from '../lib/people/records.ts';
import { policyAbout } from '../lib/people/requester.ts';
import { makeTenant, messageOf, stateOf, type Tenant } from '../lib/tenant.ts';

// Decisions as somebody else, and at the same moment as somebody else.

describe('Somebody in the name of somebody else', { concurrency: false }, () => {
  let tenant: Tenant;
  let action: string;
  const as = ['--as', 'ada', '--as-group', 'shop-approvers'];

  before(async () => {
    tenant = await makeTenant('side-as', { playbooks: annotateWeb('touch'), policy: policyAbout('rita', 1) });
    await deployIdleWeb(tenant.namespace);
    action = await tenant.file('touch', { key: 'as' });
    await tenant.until(action, ['AwaitingApproval']);
  });

  const approve = async (who: Person, more: readonly string[]) => {
    const plan = (await tenant.action(action)).status?.plan?.digest;
    return await who.tryKubectl([
      ...['annotate', 'agentaction', action, '-n', tenant.namespace, 'sentinel.dev/decision=approve'],
      ...[`sentinel.dev/plan=${plan}`, `--field-manager=approve:${plan}`, ...more],
    ]);
  };

  it('is refused by the API server without the right to impersonate', async () => {
    for (const who of [tenant.viewer, tenant.agent, tenant.approver]) {
      const answer = await approve(who, ['--as', 'bea', '--as-group', 'shop-approvers']);
      assert.notEqual(answer.code, 0, 'it was not refused');
      assert.match(answer.stderr, /cannot impersonate/);
    }
  });

  it('is not one of Sentinel’s programs nor a virtual user, not even for an admin: programs do not decide', async () => {
    for (const user of [
      'system:serviceaccount:sentinel-system:sentinel-operator',
      'system:serviceaccount:sentinel-system:sentinel-webhook',
      `sentinel:enforce:${tenant.namespace}:remediator`,
    ]) {
      const { code, stderr } = await approve(admin, ['--as', user, '--as-group', 'system:masters']);
      assert.notEqual(code, 0, user);
      assert.match(stderr, /only people can decide|was not sealed|you can act as the requester/, user);
    }
    assert.deepEqual(recordsOf(await tenant.action(action)), []);
  });

  it('who may impersonate decides as them, and the audit log of the cluster names both', async () => {
    const { code, stderr } = await approve(admin, as);
    assert.equal(code, 0, stderr);
    const done = await tenant.until(action, ['Succeeded']);
    assert.deepEqual(
      recordsOf(done).map((line) => (JSON.parse(line) as { user: string }).user),
      ['ada'],
    );
    const me = await whoAmI(admin);
    const found = await eventually('the line in the audit log', async () => decisionsInAuditLog(tenant.namespace, action));
    assert.deepEqual(found, [[me.username, 'ada']]);
  });
});

async function decisionsInAuditLog(namespace: string, name: string): Promise<[string, string | undefined][] | undefined> {
  const found = (await auditEntries(namespace)).filter(
    ({ verb, impersonatedUser, objectRef, responseStatus }) =>
      verb === 'patch' &&
      impersonatedUser !== undefined &&
      objectRef?.resource === 'agentactions' &&
      objectRef.subresource === undefined &&
      objectRef.name === name &&
      responseStatus?.code === 200,
  );
  return found.length > 0 ? found.map(({ user, impersonatedUser }) => [user.username, impersonatedUser?.username]) : undefined;
}

describe('Two people at the same moment', { concurrency: false }, () => {
  const ROUNDS = 5;
  let one: Tenant;
  let two: Tenant;
  let bea: Person;

  before(async () => {
    [one, two] = (await Promise.all(
      [1, 2].map((needed) =>
        makeTenant(`side-race${needed}`, { playbooks: annotateWeb('touch'), policy: policyAbout('rita', needed) }),
      ),
    )) as [Tenant, Tenant];
    await Promise.all([deployIdleWeb(one.namespace), deployIdleWeb(two.namespace)]);
    bea = await person('bea', ['shop-approvers', 'shop-viewers']);
  });

  const clear = /object has been modified|Operation cannot be fulfilled|only added to|it is too late to decide: the action is/;

  it('one approves and one rejects: what is rejected never runs, and who came too late is told so', async (t) => {
    const names = await Promise.all(Array.from({ length: ROUNDS }, (_, round) => one.file('touch', { key: `round-${round}` })));
    const seen: Record<string, number> = {};
    for (const name of names) {
      await one.until(name, ['AwaitingApproval']);
      const plan = (await one.action(name)).status?.plan?.digest;
      const answers = await Promise.all([one.decide(one.approver, name, 'approve', plan), one.decide(bea, name, 'reject', plan)]);
      for (const { code, stderr } of answers) if (code !== 0) assert.match(stderr, clear);
      assert.ok(
        answers.some(({ code }) => code === 0),
        'both were refused',
      );
      const ended = await one.until(name, ['Succeeded', 'Rejected', 'Cancelled', 'RolledBack', 'Blocked']);
      const rejected = recordsOf(ended).some((line) => (JSON.parse(line) as { decision: string }).decision === 'reject');
      const ran = ended.status?.stages?.some(({ stage }) => stage === 'run') ?? false;
      assert.equal(
        rejected,
        answers[1].code === 0,
        `${name}: a rejection that was taken is in the record, and one that was not is not`,
      );
      assert.equal(ran, !rejected, `${name}: ${stateOf(ended)}: ${messageOf(ended)}`);
      const outcome = rejected ? 'rejected' : 'ran';
      seen[outcome] = (seen[outcome] ?? 0) + 1;
    }
    t.diagnostic(JSON.stringify(seen));
  });

  it('two of two approve: both are kept, or one is told to try again and then is', async () => {
    for (let round = 0; round < 3; round++) {
      const name = await two.file('touch', { key: `both-${round}` });
      await two.until(name, ['AwaitingApproval']);
      const plan = (await two.action(name)).status?.plan?.digest;
      const decide = async (who: Person) => {
        const first = await two.decide(who, name, 'approve', plan);
        if (first.code === 0) return;
        assert.match(first.stderr, /object has been modified|Operation cannot be fulfilled|only added to/);
        const again = await two.decide(who, name, 'approve', plan);
        assert.equal(again.code, 0, again.stderr);
      };
      await Promise.all([decide(two.approver), decide(bea)]);
      const done = await two.until(name, ['Succeeded']);
      const users = recordsOf(done).map((line) => (JSON.parse(line) as { user: string }).user);
      assert.deepEqual(users.sort(), ['ada', 'bea']);
      const records = done.status?.outbox?.records.filter(({ transition }) => transition === 'Decided').map(({ actor }) => actor);
      assert.deepEqual(records?.sort(), ['ada', 'bea']);
    }
  });
});
