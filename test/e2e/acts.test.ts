import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { admin, eventually, type Person, person } from '../lib/cluster.ts';
import { type Received, receivedLogs } from '../lib/telemetry.ts';
import { makeTenant, messageOf, type Tenant } from '../lib/tenant.ts';

// Every act of a person on Sentinel's objects has a name in the audit trail, as the Collector has it.

/** A person who may do everything with Sentinel's objects in a namespace. */
async function owner(user: string, namespace: string): Promise<Person> {
  await admin.apply(`
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: owner, namespace: ${namespace}}
rules: [{apiGroups: [sentinel.dev], resources: ["*"], verbs: ["*"]}, {apiGroups: [""], resources: [namespaces], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: ${user}, namespace: ${namespace}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: owner}
subjects: [{kind: User, apiGroup: rbac.authorization.k8s.io, name: ${user}}]
`);
  return await person(user, []);
}

/** The record of a transition at the Collector; waits for it. */
const recorded = (transition: string, wanted: Readonly<Record<string, string>>): Promise<Received> =>
  eventually(`${transition} ${JSON.stringify(wanted)} at the Collector`, async () =>
    receivedLogs().findLast(
      ({ attributes }) =>
        attributes['sentinel.transition'] === transition &&
        Object.entries(wanted).every(([name, value]) => attributes[name] === value),
    ),
  );

const ofObject = (namespace: string, name: string) => ({ 'k8s.namespace.name': namespace, 'sentinel.object.name': name });
const ofAction = (namespace: string, name: string) => ({ 'k8s.namespace.name': namespace, 'sentinel.action.name': name });

async function waiting(tenant: Tenant): Promise<string> {
  const name = await tenant.file('set-image', { deployment: 'web', container: 'web', image: tenant.image });
  await tenant.until(name, ['AwaitingApproval']);
  return name;
}

describe('The kill switch', { concurrency: false }, () => {
  let tenant: Tenant;
  let sid: Person;
  let action: string;
  const policy = () => ['agentpolicy', tenant.namespace, '-n', tenant.namespace];
  const turn = (on: boolean) =>
    sid.kubectl(['patch', ...policy(), '--type=merge', '-p', JSON.stringify({ spec: { suspended: on } })]);

  before(async () => {
    tenant = await makeTenant('acts-switch');
    await tenant.deploy('web');
    sid = await owner('sid', tenant.namespace);
    action = await waiting(tenant);
  });

  it('tells who turned it on and when: in the policy, in the action, and at the Collector', async () => {
    await turn(true);
    const held = await tenant.until(action, ['Suspended']);
    assert.match(messageOf(held), /new starts are suspended by AgentPolicy\/acts-switch-[0-9a-f]+ \(by sid since 20/);
    const status = await admin.get<{ status: { suspension: { suspended: boolean; by: string } } }>(policy());
    assert.deepEqual([status.status.suspension.suspended, status.status.suspension.by], [true, 'sid']);
    assert.equal(
      (await recorded('PolicySuspended', ofObject(tenant.namespace, tenant.namespace))).attributes['sentinel.actor'],
      'sid',
    );
    assert.equal((await recorded('Suspended', ofAction(tenant.namespace, action))).attributes['sentinel.actor'], 'sid');
  });

  it('has an Event on the policy that names who it was', async () => {
    await eventually('the Event', async () => {
      const { items } = await admin.get<{ items: { reason: string; message: string }[] }>([
        'events',
        '-n',
        tenant.namespace,
        '--field-selector',
        'involvedObject.kind=AgentPolicy,reason=PolicySuspended',
      ]);
      return items.some(({ message }) => message.startsWith('sid turned on the kill switch of AgentPolicy '));
    });
  });

  it('is at the top of the queue', async () => {
    const [first] = (await tenant.approver.sentinel(['queue', '-n', tenant.namespace])).split('\n');
    assert.match(
      first ?? '',
      /^SUSPENDED by AgentPolicy\/acts-switch-[0-9a-f]+ in namespace acts-switch-[0-9a-f]+, turned on by sid, \d+s ago: nothing/,
    );
  });

  it('is told to who approves: the approval is recorded and does not count', async () => {
    const digest = (await tenant.action(action)).status?.plan?.digest ?? '';
    const said = await tenant.approver.sentinel(['approve', action, '-n', tenant.namespace, '--yes', '--plan', digest]);
    assert.match(
      said,
      /approval recorded: it does not count, because the action is suspended by AgentPolicy\/\S+ \(by sid since \S+\); approve again after the suspension is lifted/,
    );
    // Somebody else: who approves twice is told that it changes nothing.
    const bea = await person('bea', ['shop-approvers', 'shop-viewers']);
    const { code, stderr } = await tenant.decide(bea, action, 'approve');
    assert.equal(code, 0, stderr);
    assert.match(stderr, /Warning: sentinel: the action is suspended by .* this approval is recorded and will not count/);
  });

  it('tells who turned it off, and asks people again', async () => {
    await turn(false);
    await tenant.until(action, ['AwaitingApproval']);
    assert.equal((await recorded('Resumed', ofAction(tenant.namespace, action))).attributes['sentinel.actor'], 'sid');
    assert.equal(
      (await recorded('PolicyLifted', ofObject(tenant.namespace, tenant.namespace))).attributes['sentinel.actor'],
      'sid',
    );
  });
});

describe('Acts on an action', { concurrency: false }, () => {
  let tenant: Tenant;
  let sid: Person;

  before(async () => {
    tenant = await makeTenant('acts-action');
    await tenant.deploy('web', 'api');
    sid = await owner('sid', tenant.namespace);
  });

  it('an edit is recorded with the editor, the new parameters and the new intent', async () => {
    const name = await waiting(tenant);
    const spec = {
      intent: { summary: 'Repair api instead' },
      parameters: [
        { name: 'deployment', value: 'api' },
        { name: 'container', value: 'web' },
        { name: 'image', value: tenant.image },
      ],
    };
    await sid.kubectl(['patch', 'agentaction', name, '-n', tenant.namespace, '--type=merge', '-p', JSON.stringify({ spec })]);
    const { attributes } = await recorded('StartedOver', ofAction(tenant.namespace, name));
    assert.equal(attributes['sentinel.actor'], 'sid');
    assert.equal(attributes['sentinel.editors'], 'sid');
    assert.equal(attributes['sentinel.intent.summary'], 'Repair api instead');
    assert.equal(JSON.parse(attributes['sentinel.parameters'] ?? '{}').deployment, 'api');
    assert.match(attributes['sentinel.spec.digest'] ?? '', /^sha256:[a-f0-9]{64}$/);
  });

  const patched = (name: string, spec: object) => [
    ...['patch', 'agentaction', name, '-n', tenant.namespace, '--type=merge', '-p'],
    JSON.stringify({ spec }),
  ];

  it('a cancellation by the plugin says what it does, is recorded with who cancelled, and is too late after the end', async () => {
    const name = await waiting(tenant);
    const cancel = ['cancel', name, '-n', tenant.namespace, '--yes'];
    assert.match(
      (await tenant.approver.trySentinel(cancel)).stderr,
      /an action is edited or cancelled by who filed it, or with the verb 'amend'/,
    );
    const said = await sid.sentinel([...cancel, '--comment', 'wrong cluster']);
    assert.match(said, /The plan cannot be approved or started any more\. Nothing was changed, so nothing is rolled back\.\n/);
    const ended = await tenant.until(name, ['Cancelled']);
    assert.equal(messageOf(ended), 'the action was cancelled by sid. Nothing was changed.');
    const { attributes } = await recorded('Ended', ofAction(tenant.namespace, name));
    assert.deepEqual([attributes['sentinel.stopped.by'], attributes['sentinel.stopped.comment']], ['sid', 'wrong cluster']);
    // It is said once, by who cancels.
    const other = await sid.tryKubectl(patched(name, { cancelComment: 'no reason' }));
    assert.match(other.stderr, /`cancelComment` must be said in the update that cancels, and stays as it is/);
    const early = await sid.tryKubectl(patched(await waiting(tenant), { cancelComment: 'no reason' }));
    assert.match(early.stderr, /`cancelComment` must come with `cancelled: true`/);
    const late = await sid.trySentinel(cancel);
    assert.equal(late.code, 1);
    assert.match(late.stderr, /it is too late to cancel: '.*' has ended already as Cancelled/);
  });

  it('a cancellation is recorded with who cancelled', async () => {
    const name = await waiting(tenant);
    await tenant.cancel(name, sid);
    assert.equal(messageOf(await tenant.until(name, ['Cancelled'])), 'the action was cancelled by sid. Nothing was changed.');
    const { attributes } = await recorded('Ended', ofAction(tenant.namespace, name));
    assert.deepEqual([attributes['sentinel.actor'], attributes['sentinel.stopped.by']], ['sid', 'sid']);
  });

  for (const stamp of ['changed-by', 'cancelled-by'])
    it(`nobody writes the stamp ${stamp} by hand`, async () => {
      const name = await waiting(tenant);
      const { code, stderr } = await sid.tryKubectl([
        'annotate',
        'agentaction',
        name,
        '-n',
        tenant.namespace,
        `sentinel.dev/${stamp}={"user":"ada","uid":""}`,
      ]);
      assert.equal(code, 1);
      assert.match(stderr, new RegExp(`the annotation sentinel\\.dev/${stamp} must name who`));
    });

  it('a deletion is recorded with who deleted, in the trail of the action and beside it', async () => {
    const name = await waiting(tenant);
    const { uid } = (await tenant.action(name)).metadata;
    await sid.kubectl(['delete', 'agentaction', name, '-n', tenant.namespace]);
    const ended = await recorded('Ended', { 'sentinel.action.uid': uid });
    assert.equal(ended.body, 'Cancelled: the action was deleted by sid');
    const deleted = await recorded('ActionDeleted', { ...ofObject(tenant.namespace, name), 'sentinel.object.uid': uid });
    assert.equal(deleted.attributes['sentinel.actor'], 'sid');
    assert.equal(deleted.attributes['sentinel.act.confirmed'], 'true');
  });

  it('a dry-run of a deletion leaves nothing', async () => {
    const name = await waiting(tenant);
    await sid.kubectl(['delete', 'agentaction', name, '-n', tenant.namespace, '--dry-run=server']);
    const second = await waiting(tenant);
    await sid.kubectl(['delete', 'agentaction', second, '-n', tenant.namespace]);
    await recorded('ActionDeleted', ofObject(tenant.namespace, second));
    assert.deepEqual(
      receivedLogs().filter(({ attributes }) => attributes['sentinel.object.name'] === name),
      [],
    );
  });
});

describe('Acts on policies and Playbooks', { concurrency: false }, () => {
  let tenant: Tenant;
  let sid: Person;
  const by = async (transition: string, name: string) =>
    (await recorded(transition, ofObject(tenant.namespace, name))).attributes['sentinel.actor'];

  before(async () => {
    tenant = await makeTenant('acts-others');
    await tenant.deploy('web');
    sid = await owner('sid', tenant.namespace);
  });

  it('a policy is created, edited and deleted by somebody with a name', async () => {
    const { namespace } = tenant;
    const policy = (modes: string) =>
      `{apiVersion: sentinel.dev/v1alpha1, kind: AgentPolicy, metadata: {name: more, namespace: ${namespace}}, spec: {subjects: [{kind: User, name: nobody}], modes: [${modes}]}}`;
    await sid.apply(policy('DryRun'));
    await sid.apply(policy('DryRun, Apply'));
    await sid.kubectl(['delete', 'agentpolicy', 'more', '-n', namespace]);
    for (const transition of ['PolicyCreated', 'PolicyEdited', 'PolicyDeleted'])
      assert.equal(await by(transition, 'more'), 'sid', transition);
  });

  it('a policy of the cluster as well', async () => {
    const name = `acts-${tenant.namespace}`;
    await admin.apply(
      `{apiVersion: sentinel.dev/v1alpha1, kind: ClusterAgentPolicy, metadata: {name: ${name}}, spec: {subjects: [{kind: User, name: nobody}], modes: [DryRun]}}`,
    );
    await admin.kubectl(['delete', 'clusteragentpolicy', name]);
    const user = JSON.parse(await admin.kubectl(['auth', 'whoami', '-o', 'json'])).status.userInfo.username as string;
    for (const transition of ['PolicyCreated', 'PolicyDeleted']) {
      const { attributes } = await recorded(transition, { 'sentinel.object.name': name });
      assert.deepEqual([attributes['sentinel.actor'], attributes['k8s.namespace.name']], [user, undefined]);
    }
  });

  it('a Playbook is trusted by somebody with a name; trust is withdrawn by a sealed record, and what waits is denied', async () => {
    const action = await waiting(tenant);
    assert.equal(await by('PlaybookTrusted', 'set-image'), 'tess');
    const said = await sid.sentinel(['distrust', 'set-image', '-n', tenant.namespace, '--yes']);
    assert.match(said, new RegExp(`${action} {3}AwaitingApproval: is denied`));
    assert.match(said, /playbook\.sentinel\.dev\/set-image distrusted/);
    assert.equal(await by('TrustWithdrawn', 'set-image'), 'sid');
    const ended = await tenant.until(action, ['Denied']);
    assert.match(messageOf(ended), /sid withdrew the trust at 20/);
    const annotation = await admin.kubectl([
      'get',
      'playbook',
      'set-image',
      '-n',
      tenant.namespace,
      '-o',
      'jsonpath={.metadata.annotations.sentinel\\.dev/trust}',
    ]);
    assert.match(annotation, /^\{"withdrawal":"[^"]+","digest":"sha256:.*"user":"sid".*"seal":"[^"]+"\}$/);
    const conditions = ['get', 'playbook', 'set-image', '-n', tenant.namespace, '-o'];
    const trusted = await admin.kubectl([...conditions, 'jsonpath={.status.conditions[?(@.type=="Trusted")].message}']);
    assert.match(
      trusted,
      /^The Playbook is not trusted: sid withdrew the trust at 20\S+\. .* kubectl sentinel trust set-image -n /,
    );
    // Nobody is there to read the Playbook: which one is trusted must be said.
    const trust = ['trust', 'set-image', '-n', tenant.namespace, '--yes'];
    assert.match((await sid.trySentinel(trust)).stderr, /stdin is not a terminal; pass --yes and --digest DIGEST/);
    const digest = (await admin.kubectl([...conditions, 'jsonpath={.status.digest}'])).trim();
    assert.match(await sid.sentinel([...trust, '--digest', digest]), /playbook\.sentinel\.dev\/set-image trusted\n$/);
    await waiting(tenant);
  });

  it('a Playbook is created, edited and deleted by somebody with a name', async () => {
    const { namespace } = tenant;
    const copy = await admin.get<{ spec: { description: string } }>(['playbook', 'health-check', '-n', namespace]);
    const playbook = (description: string) =>
      JSON.stringify({
        apiVersion: 'sentinel.dev/v1alpha1',
        kind: 'Playbook',
        metadata: { name: 'more', namespace },
        spec: { ...copy.spec, description },
      });
    await sid.apply(playbook('One.'));
    await sid.apply(playbook('Two.'));
    await sid.kubectl(['delete', 'playbook', 'more', '-n', namespace]);
    for (const transition of ['PlaybookCreated', 'PlaybookEdited', 'PlaybookDeleted'])
      assert.equal(await by(transition, 'more'), 'sid', transition);
  });

  it('a withdrawal of trust needs the verb, and says itself what it asks for', async () => {
    const { namespace } = tenant;
    const digest = await admin.kubectl(['get', 'playbook', 'health-check', '-n', namespace, '-o', 'jsonpath={.status.digest}']);
    const ask = (who: Person, manager: string) =>
      who.tryKubectl([
        'annotate',
        'playbook',
        'health-check',
        '-n',
        namespace,
        '--overwrite',
        `sentinel.dev/trust=withdraw:${digest}`,
        `--field-manager=${manager}`,
      ]);
    const trust = await ask(tenant.truster, `trust:${digest}`);
    assert.match(trust.stderr, /must say that it asks to distrust this digest/);
    assert.match((await ask(tenant.viewer, `distrust:${digest}`)).stderr, /cannot patch resource "playbooks"/);
    assert.equal((await ask(tenant.truster, `distrust:${digest}`)).code, 0);
    assert.equal(await by('TrustWithdrawn', 'health-check'), 'tess');
  });
});

describe('An action that nobody can approve any more', { concurrency: false }, () => {
  it('is ended at once, with the reason', async () => {
    const tenant = await makeTenant('acts-groups');
    await tenant.deploy('web');
    const action = await waiting(tenant);
    await tenant.setPolicy({ approvals: [{ upToRisk: 'High', approvals: 1, groups: ['others'], expiresAfter: '1h' }] });
    const ended = await tenant.until(action, ['Denied']);
    assert.match(
      messageOf(ended),
      /nobody can approve the plan any more: no group is left whose members may approve \(approvals\.groups\)\. The plan was made when it took a member of shop-approvers\. File the action again\./,
    );
  });
});

describe('An action that nobody in the cluster seems to be able to approve', { concurrency: false }, () => {
  it('says so, in its state and in the queue, and no longer once somebody can', async () => {
    const tenant = await makeTenant('acts-unmet');
    await tenant.deploy('web');
    const approvals = (groups: string[]) => [{ upToRisk: 'High', approvals: 1, groups, expiresAfter: '1h' }];
    await tenant.setPolicy({ approvals: approvals(['shop-approvers', 'nobody-is-in-it']) });
    await admin.kubectl(['delete', 'rolebinding', 'approvers', '-n', tenant.namespace]);
    const action = await waiting(tenant);
    const missing = /none of the groups shop-approvers, nobody-is-in-it holds the verb 'approve' on agentactions in namespace/;
    assert.match(messageOf(await tenant.action(action)), missing);
    assert.match(await admin.sentinel(['queue', '-n', tenant.namespace]), missing);
    await admin.kubectl([
      'create',
      'rolebinding',
      'again',
      '--clusterrole=sentinel-approver',
      '--group=shop-approvers',
      '-n',
      tenant.namespace,
    ]);
    await tenant.setPolicy({ approvals: approvals(['shop-approvers']) });
    await eventually('an action that somebody can approve', async () => {
      const now = messageOf(await tenant.action(action));
      return /^the plan waits for approval: kubectl sentinel plan \S+ -n \S+$/.test(now);
    });
  });
});

describe('A hold', { concurrency: true }, () => {
  const freeze = [{ schedule: '* * * * *', duration: '2d', reason: 'hold' }];
  // What holds an action is looked at again after a minute in any case: much sooner is at once.
  const AT_ONCE = 20;
  const frozen = async (name: string, expiresAfter: string) => {
    const tenant = await makeTenant(name);
    await tenant.deploy('web');
    await tenant.setPolicy({
      freeze,
      approvals: [{ upToRisk: 'High', approvals: 1, groups: ['shop-approvers'], expiresAfter }],
    });
    return tenant;
  };
  const held = async (tenant: Tenant) => {
    const name = await waiting(tenant);
    const { code, stderr } = await tenant.decide(tenant.approver, name, 'approve');
    assert.equal(code, 0, stderr);
    await tenant.until(name, ['Starting']);
    return name;
  };

  it('ends when the approval runs out', async () => {
    const tenant = await frozen('acts-late', '25s');
    const ended = await tenant.until(await held(tenant), ['Expired']);
    assert.match(messageOf(ended), /approved by ada, but the approval expired after 25s, before the run could start/);
  });

  it('ends for an edit, a cancellation, the kill switch and a policy at once', async () => {
    const tenant = await frozen('acts-hold', '1h');
    const patch = async (name: string, spec: object) => {
      const given = ['-n', tenant.namespace, '--type=merge', '-p', JSON.stringify({ spec })];
      await tenant.agent.kubectl(['patch', 'agentaction', name, ...given]);
    };
    const cancelled = await held(tenant);
    await patch(cancelled, { cancelled: true });
    await tenant.until(cancelled, ['Cancelled'], AT_ONCE);
    const edited = await held(tenant);
    await patch(edited, { intent: { summary: 'else' } });
    await tenant.until(edited, ['Pending', 'Rehearsing', 'AwaitingApproval'], AT_ONCE);
    const killed = await held(tenant);
    await tenant.setPolicy({ suspended: true });
    await tenant.until(killed, ['Suspended'], AT_ONCE);
    await tenant.setPolicy({ suspended: false });
    await tenant.until(killed, ['AwaitingApproval'], AT_ONCE);
    const freed = await held(tenant);
    await tenant.setPolicy({ freeze: [] });
    await tenant.until(freed, ['Running', 'Verifying', 'Succeeded'], AT_ONCE);
  });
});
