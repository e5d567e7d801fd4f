import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { actionPlans, type Effect } from '@sentinel/crds';
import { admin, eventually, policyForAnyPlaybook } from '../lib/cluster.ts';
import { oneStep } from '../lib/one-step.ts';
import { client, END_STATES, makeTenant, messageOf, stateOf, type Tenant } from '../lib/tenant.ts';

// Who approves a delete sees the object and its dependants, and exactly that is deleted.

const policy = policyForAnyPlaybook()
  .replace('objects: 5', 'objects: 20')
  .replace(
    '  approvals:\n',
    `  - apiGroups: ["", apps]
    resources: [configmaps, deployments]
    verbs: [get, list, watch, patch, delete]
    decision: RequireApproval
    justification: Tests delete these.
  approvals:
`,
  );
const names = ['altered', 'busy', 'owner', 'late', 'keeper', 'together'] as const;
type Name = (typeof names)[number];
const commands: Readonly<Record<Name, string>> = {
  altered: 'kubectl delete deployment altered',
  busy: 'kubectl delete deployment busy --grace-period=5',
  owner: 'kubectl delete deployment owner',
  late: 'kubectl delete deployment late',
  keeper: 'kubectl delete deployment keeper --cascade=orphan',
  together: 'kubectl label deployment together tier=gone; kubectl delete deployment together',
};

const deployment = (name: string) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: {
    replicas: 0,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'c', image: 'x.example.com/y:1' }] } },
  },
});

describe('A delete', { concurrency: 3 }, () => {
  let tenant: Tenant;
  const exists = async (what: string) => (await admin.tryKubectl(['get', what, '-n', tenant.namespace])).code === 0;
  const gone = (what: string) => eventually(`${what} to go`, async () => !(await exists(what)));

  /** Makes a claim that belongs to a Deployment. */
  const claimOf = async (owner: Name, name: string) => {
    const { metadata } = await admin.get<{ metadata: { uid: string } }>(['deployment', owner, '-n', tenant.namespace]);
    const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'Deployment', name: owner, uid: metadata.uid }];
    await admin.kubectl(['apply', '-n', tenant.namespace, '-f', '-'], {
      input: JSON.stringify({
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name, ownerReferences },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } }, storageClassName: 'none' },
      }),
    });
  };

  before(async () => {
    const playbooks = names.map((name) => oneStep(name, ['sh', '-ec', commands[name]]));
    tenant = await makeTenant('deletes', { policy, playbooks: playbooks.join('') });
    const input = names.map((name) => JSON.stringify(deployment(name))).join('\n---\n');
    await admin.kubectl(['apply', '-n', tenant.namespace, '-f', '-'], { input });
    for (const name of names)
      await eventually(`a ReplicaSet of ${name}`, async () =>
        (await admin.kubectl(['get', 'rs', '-n', tenant.namespace, '-l', `app=${name}`, '-o', 'name'])).includes(name),
      );
    await claimOf('owner', 'data');
    await claimOf('keeper', 'kept');
  });

  const planned = async (name: Name) => {
    const action = await tenant.file(name);
    const { status, ...rest } = await tenant.until(action, ['AwaitingApproval', ...END_STATES]);
    assert.ok(status?.plan, messageOf({ status, ...rest } as never));
    const plan = await client.getOrThrow(actionPlans, { name: status.plan.name, namespace: tenant.namespace });
    const effect = plan.spec.effects.at(-1) as Effect;
    return { action, plan, effect };
  };
  const ended = async (action: string) => {
    const { code, stderr } = await tenant.decide(tenant.approver, action, 'approve');
    assert.equal(code, 0, stderr);
    return await tenant.until(action, END_STATES);
  };

  it('is refused when the object has changed since, and says the field', async () => {
    const { action } = await planned('altered');
    await admin.kubectl(['label', 'deployment', 'altered', '-n', tenant.namespace, 'owner=bank']);
    const done = await ended(action);
    assert.equal(stateOf(done), 'Blocked', messageOf(done));
    assert.match(messageOf(done), /the object has changed since it was rehearsed: \/metadata\/labels\/owner is new \("bank"\)/);
    assert.ok(await exists('deployment/altered'));
  });

  it('is carried out whatever controllers wrote meanwhile, and shows the object and its options', async () => {
    const { action, effect, plan } = await planned('busy');
    const shown = new Map(effect.change?.map(({ path, before: value }) => [path, value]));
    assert.equal(shown.get('/kind'), '"Deployment"');
    assert.ok([...shown].some(([path, value]) => path.startsWith('/spec/template') && value?.includes('x.example.com/y:1')));
    assert.deepEqual(effect.deletion?.propagation, 'Background');
    assert.ok(effect.notes?.includes('Grace period: 5 seconds.'), effect.notes?.join('\n'));
    assert.ok(effect.notes?.includes('A rollback recreates neither the object nor its dependants.'));
    assert.equal(plan.spec.risk.level, 'High');
    const patch = '[{"op":"replace","path":"/status/observedGeneration","value":77}]';
    const { namespace } = tenant;
    await admin.kubectl(['patch', 'deployment', 'busy', '-n', namespace, '--subresource=status', '--type=json', '-p', patch]);
    await admin.kubectl([
      'annotate',
      'deployment',
      'busy',
      '-n',
      namespace,
      '--overwrite',
      'deployment.kubernetes.io/revision=9',
    ]);
    const done = await ended(action);
    assert.equal(stateOf(done), 'Succeeded', messageOf(done));
    await gone('deployment/busy');
  });

  it('lists its dependants, and is Critical when they hold data', async () => {
    const { action, effect, plan } = await planned('owner');
    const { dependants = [], incomplete } = effect.deletion ?? {};
    assert.deepEqual(
      dependants.map(({ kind, count }) => `${count} ${kind}`),
      ['1 PersistentVolumeClaim', '1 ReplicaSet'],
    );
    assert.deepEqual(dependants[0]?.names, ['data']);
    // The account may edit the namespace, and so not list Roles.
    assert.match(incomplete ?? '', /the account of the run \(accounts\.sentinel\.dev\) may not list .*/);
    assert.equal(plan.spec.risk.level, 'Critical');
    const rules = plan.spec.risk.parts.map(({ rule }) => rule);
    for (const rule of ['delete-data', 'dependants-unknown']) assert.ok(rules.includes(rule), rules.join());
    const text = await tenant.approver.sentinel(['plan', action, '-n', tenant.namespace]);
    assert.match(text, /- with it 1 PersistentVolumeClaim: data \(may hold data\)/);
    assert.match(text, /Deletes dependants in the background: 1 PersistentVolumeClaim, 1 ReplicaSet\./);
    assert.match(text, /There may be more dependants: the account of the run \(accounts\.sentinel\.dev\) may not list/);
    const full = await tenant.approver.sentinel(['plan', action, '-n', tenant.namespace, '--full']);
    assert.match(full, /with it 1 ReplicaSet: owner-/);
    assert.match(full, /x\.example\.com\/y:1/);
    // No entry of the floor covers what is Critical.
    const denied = await tenant.until(action, ['Denied']);
    assert.match(messageOf(denied), /no entry of `approvals` covers the risk 'Critical'/);
    assert.ok(await exists('pvc/data'), 'the claim is gone');
  });

  it('is refused when it would take data along that nobody approved', async () => {
    const { action, effect } = await planned('late');
    assert.deepEqual(
      effect.deletion?.dependants?.map(({ kind }) => kind),
      ['ReplicaSet'],
    );
    await claimOf('late', 'arrived');
    const done = await ended(action);
    assert.equal(stateOf(done), 'Blocked', messageOf(done));
    assert.match(messageOf(done), /it would delete PersistentVolumeClaim 'arrived' as well/);
    assert.ok((await exists('deployment/late')) && (await exists('pvc/arrived')));
  });

  it('that leaves dependants says so, and they stay', async () => {
    const { action, effect, plan } = await planned('keeper');
    assert.deepEqual(effect.deletion, { propagation: 'Orphan' });
    assert.equal(effect.notes?.[0], 'Leaves dependants (orphan).');
    assert.equal(plan.spec.risk.level, 'High');
    const done = await ended(action);
    assert.equal(stateOf(done), 'Succeeded', messageOf(done));
    await gone('deployment/keeper');
    assert.ok(await exists('pvc/kept'));
  });

  it('is of the object as an earlier write of the plan leaves it', async () => {
    const { action, effect } = await planned('together');
    assert.ok(effect.change?.some(({ before: value }) => value?.includes('gone')));
    const done = await ended(action);
    assert.equal(stateOf(done), 'Succeeded', messageOf(done));
    await gone('deployment/together');
  });
});
