import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { admin, type Person } from '../lib/cluster.ts';
import { whoAmI } from '../lib/people/answers.ts';
import { ofAction, ofObject, owner, recorded, waiting } from '../lib/people/recorded-acts.ts';
import { receivedLogs } from '../lib/telemetry.ts';
import { makeTenant, messageOf, type Tenant } from '../lib/tenant.ts';

// Every act of a person on Sentinel's objects has a name in the audit trail, as the Collector has it.

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
      /only the requester, or a user with the verb 'amend', may edit or cancel an action/,
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
    const user = (await whoAmI(admin)).username;
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
