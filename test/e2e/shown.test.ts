import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { type ActionPlan, actionPlanParts, actionPlans, digestOf, planPartName } from '@sentinel/crds';
import { isHostile } from '@sentinel/kube';
import { admin, eventually } from '../lib/cluster.ts';
import { oneStep } from '../lib/one-step.ts';
import { client, makeTenant, type Tenant } from '../lib/tenant.ts';

// What an approver sees of a change: all of it, in seconds.

const replaced = (name: string, script: string) =>
  oneStep(name, ['sh', '-ec', `kubectl get configmap ${name} -o json | sed '${script}' | kubectl replace -f -`]);
const settings = (count: number) =>
  `for i in ${Array.from({ length: count }, (_, at) => at + 1).join(' ')}; do kubectl create configmap settings-$i --from-literal=index=$i; done`;

const items = `for i in $(seq 200); do printf -- '---\\napiVersion: v1\\nkind: ConfigMap\\nmetadata: {name: item-%s}\\ndata: {index: "%s"}\\n' $i $i; done`;

const playbooks = [
  replaced('lines', 's/line 290 of it/line 290 of \u202ethat/'),
  replaced('large', 's/of it/of that/g'),
  replaced('kept', 's/of it/of that/g'),
  oneStep('alike', ['sh', '-ec', settings(20)]),
  oneStep('many', ['sh', '-ec', `(${items}) | kubectl create -f -`]),
  oneStep('speaks', ['sh', '-c', "printf 'one\\033[2K\\ntwo \\342\\200\\256three\\n'; exit 3"], { profile: 'Observe' }),
].join('');

const text = (lines: number) =>
  Array.from({ length: lines }, (_, at) => `line ${at + 1} of it, which is an ordinary one\n`).join('');

function configMap({ namespace }: Tenant, name: string, value: string): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data: { conf: value } });
}

async function tenantFor(name: string, objects: number): Promise<Tenant> {
  const made = await makeTenant(name, { playbooks });
  await made.setPolicy({
    playbooks: { trustedOnly: true, allow: null },
    kubernetes: [
      { apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'create', 'update', 'patch'], decision: 'RequireApproval' },
    ],
    limits: { duration: '3m', objects },
  });
  return made;
}

describe('What an approver sees', { concurrency: 3 }, () => {
  let tenant: Tenant;
  before(async () => {
    tenant = await tenantFor('shown', 100);
    for (const [name, lines] of [
      ['lines', 300],
      ['large', 10000],
      ['kept', 10000],
    ] as const)
      await admin.kubectl(['create', '-f', '-'], { input: configMap(tenant, name, text(lines)) });
  });

  const rehearsed = async (
    playbook: string,
    state = 'AwaitingApproval',
  ): Promise<{ name: string; plan: ActionPlan; shown: string }> => {
    const name = await tenant.file(playbook);
    const action = await tenant.until(name, [state]);
    const plan = await client.getOrThrow(actionPlans, { name: action.status?.plan?.name ?? '', namespace: tenant.namespace });
    const shown = await tenant.approver.sentinel(['plan', name, '-n', tenant.namespace]);
    return { name, plan, shown };
  };
  const conf = (name: string) => admin.kubectl(['get', 'configmap', name, '-n', tenant.namespace, '-o', 'jsonpath={.data.conf}']);

  it('is the one line that changes of a ConfigMap of 300 lines, with its invisible character', async () => {
    const { name, plan, shown } = await rehearsed('lines');
    const [change] = plan.spec.effects[0]?.change ?? [];
    assert.deepEqual(
      [plan.spec.effects[0]?.hiddenChanges, change?.path, change?.format, change?.cut],
      [undefined, '/data/conf', 'Text', undefined],
    );
    assert.equal(change?.lines?.split('\n').filter((row) => /^[-+]/.test(row)).length, 2);
    assert.match(shown, /line 287:\n/);
    assert.match(shown, /- line 290 of it, .*\n +\+ line 290 of \\u202ethat, /);
    assert.ok(shown.split('\n').length < 60, shown);
    const queue = await tenant.approver.sentinel(['queue', '-n', tenant.namespace]);
    assert.match(queue, new RegExp(`${name} .*\\n {2}update ConfigMap lines: conf \\(2 rows\\)`));
    const digest = digestOf(plan.spec);
    const approve = ['approve', name, '-n', tenant.namespace, '--yes'];
    const refused = await tenant.approver.trySentinel(approve);
    assert.match(refused.stderr, /stdin is not a terminal; pass --yes and --plan DIGEST/);
    assert.equal((await tenant.approver.trySentinel([...approve, '--plan', digest])).code, 0);
    await tenant.until(name, ['Succeeded']);
    assert.match(await conf('lines'), /line 290 of \u202ethat/);
  });

  it('is every line of a ConfigMap of 400 kB, in parts of the plan that its digest covers', async () => {
    assert.ok((await conf('large')).length > 400_000);
    const { name, plan, shown } = await rehearsed('large');
    const { parts = [] } = plan.spec;
    assert.ok(parts.length >= 2, `${parts.length} parts`);
    assert.equal(plan.spec.effects[0]?.hiddenChanges, undefined);
    for (const [index, digest] of parts.entries()) {
      const part = await client.getOrThrow(actionPlanParts, {
        name: planPartName(plan.metadata.name, index + 1),
        namespace: tenant.namespace,
      });
      assert.equal(digestOf(part.spec), digest);
    }
    assert.match(shown, /more rows; see all with --full/);
    assert.match(
      shown,
      /NOT SHOWN {2}parts of the plan are left out here; see all of it with --full\n {2}1\. ConfigMap .* rows\n/,
    );
    // Who has no plugin is told as well.
    const read = ['actionplan', plan.metadata.name, '-n', tenant.namespace];
    const [head = '', row = ''] = (await tenant.approver.kubectl(['get', ...read])).split('\n');
    assert.match(head, /ATTEMPT +MORE PARTS +AGE/);
    assert.match(row, new RegExp(` 1 +${parts.length} +\\d+s`));
    assert.match(await tenant.approver.kubectl(['describe', ...read]), /Not every change of this plan is in this object/);
    const full = await tenant.approver.sentinel(['plan', name, '-n', tenant.namespace, '--full']);
    for (const line of [1, 5000, 10000]) {
      assert.ok(full.includes(`- line ${line} of it, which`), `line ${line} before`);
      assert.ok(full.includes(`+ line ${line} of that, which`), `line ${line} afterwards`);
    }
    // Nobody but the operator makes a part, and nobody changes one.
    const part = planPartName(plan.metadata.name, 1);
    const patch = JSON.stringify({ spec: { number: 2 } });
    const changed = await admin.tryKubectl([
      'patch',
      'actionplanpart',
      part,
      '-n',
      tenant.namespace,
      '--type=merge',
      '-p',
      patch,
    ]);
    assert.match(changed.stderr, /only Sentinel's operator writes plans, and a plan never changes/);
    // What cannot be seen is not approved, and what was seen in parts is what runs.
    const other = await rehearsed('large');
    const deletion = ['delete', 'actionplanpart', planPartName(other.plan.metadata.name, 1), '-n', tenant.namespace];
    assert.match((await admin.tryKubectl(deletion)).stderr, /sentinel: plans are deleted with their action/);
    await admin.kubectl([...deletion, '--as=system:serviceaccount:kube-system:generic-garbage-collector']);
    const approve = (one: { name: string; plan: ActionPlan }) =>
      tenant.approver.trySentinel(['approve', one.name, '-n', tenant.namespace, '--yes', '--plan', digestOf(one.plan.spec)]);
    const blind = await approve(other);
    assert.match(blind.stderr, /holds a part of the plan, is gone/);
    assert.equal(blind.code, 1);
    const seen = await approve({ name, plan });
    assert.equal(seen.code, 0, seen.stderr);
    await tenant.until(name, ['Succeeded'], 180);
    assert.match(await conf('large'), /line 9999 of that, which/);
  });

  it('stays with its action: it keeps its owner, and an action is deleted with its plans', async () => {
    const { name, plan } = await rehearsed('kept');
    const where = ['-n', tenant.namespace];
    for (const object of [`actionplan/${plan.metadata.name}`, `actionplanpart/${planPartName(plan.metadata.name, 1)}`]) {
      const orphaned = ['patch', object, ...where, '--type=merge', '-p', '{"metadata":{"ownerReferences":null}}'];
      assert.match((await admin.tryKubectl(orphaned)).stderr, /sentinel: the owner of a plan is its action/);
    }
    const deletion = ['delete', 'agentaction', name, ...where];
    assert.match(
      (await admin.tryKubectl([...deletion, '--cascade=orphan'])).stderr,
      /sentinel: an action is deleted with its plans: delete it without --cascade=orphan/,
    );
    await admin.kubectl(deletion);
    await eventually('the plan to go', async () => {
      const { stdout } = await admin.tryKubectl(['get', 'actionplan', plan.metadata.name, ...where, '--ignore-not-found']);
      return stdout === '';
    });
  });

  it('is at most 60 lines for 20 alike objects, with what differs of each', async () => {
    // Twenty writes to configuration are Critical, which no policy of this tenant covers.
    const { shown } = await rehearsed('alike', 'Denied');
    assert.ok(shown.split('\n').length <= 60, shown);
    assert.match(shown, /20 ConfigMaps in .*, alike except for name and data\.index/);
    for (let index = 1; index <= 20; index++) assert.match(shown, new RegExp(`settings-${index}: "${index}"`));
    assert.match(shown, /\| for i in 1 2 .*; do kubectl create configmap settings-\$i /);
  });

  it('is the numbers first for 200 objects, and each of them', async () => {
    const big = await tenantFor('shown-many', 300);
    const name = await big.file('many');
    await big.until(name, ['Denied', 'AwaitingApproval']);
    const shown = await big.approver.sentinel(['plan', name, '-n', big.namespace]);
    const [does, changes] = [shown.search(/^ {2}.*200 ConfigMaps in /m), shown.search(/^CHANGES/m)];
    assert.ok(does > 0 && does < changes, shown);
    assert.ok(shown.split('\n').length < 330, `${shown.split('\n').length} lines`);
    for (const text of [shown, await big.approver.sentinel(['plan', name, '--full', '-n', big.namespace])])
      for (let index = 1; index <= 200; index++) assert.match(text, new RegExp(`\\bitem-${index}\\b`));
  });

  it('is first of all that a plan is denied, and why', async () => {
    const tight = await tenantFor('shown-tight', 5);
    const name = await tight.file('alike');
    await tight.until(name, ['Denied']);
    const shown = await tight.approver.sentinel(['plan', name, '-n', tight.namespace]);
    assert.match(shown, /^.* {2}Denied\n {2}.*the plan changes 20 objects; at most 5 are allowed/);
    assert.doesNotMatch(shown, /^APPROVALS/m);
  });

  it('is what a step says with every character visible, in conditions and Events as well', async () => {
    const name = await tenant.file('speaks', {}, { intent: { summary: 'Look \u202eat it\u001b[2K', prompt: 'x' } });
    const action = await tenant.until(name, ['RehearsalFailed']);
    const conditions = action.status?.conditions ?? [];
    assert.ok(
      conditions.some(({ message }) => message.includes('one\\u001b[2K ↵ two \\u202ethree')),
      JSON.stringify(conditions),
    );
    for (const { message } of conditions) assert.equal(isHostile(message), false, message);
    const notes = await eventually('the Event of the end', async () => {
      const text = await admin.kubectl(['get', 'events.events.k8s.io', '-n', tenant.namespace, '-o', 'json']);
      const { items } = JSON.parse(text) as { items: { note?: string; regarding?: { name?: string } }[] };
      const found = items.filter(({ regarding }) => regarding?.name === name).map(({ note = '' }) => note);
      return found.some((note) => note.includes('two')) ? found : undefined;
    });
    for (const note of notes) assert.equal(isHostile(note), false, note);
  });
});
