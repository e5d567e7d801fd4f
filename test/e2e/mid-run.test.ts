import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { agentActions, playbooks } from '@sentinel/crds';
import { namespaces, rolebindings } from '@sentinel/kube';
import { realWrites } from '../lib/audit-log.ts';
import { admin, eventually, example } from '../lib/cluster.ts';
import { hold, whileHeld } from '../lib/hold.ts';
import { imageOnly } from '../lib/image-only.ts';
import { oneStep } from '../lib/one-step.ts';
import { client, makeTenant, messageOf, stateOf, type Tenant } from '../lib/tenant.ts';

// A run that has written once and is about to write again, and one thing that changes in between. What would have refused its start
// refuses its next write, the run does not succeed however well its step ends, and what it has written is rolled back.

const policy = example('shop/policy.yaml').replace(/, allow: \[[^\]]*\]/, ', adHocSteps: RequireApproval');

const annotate = (key: string) => `kubectl annotate --overwrite deployment web ${key}=yes`;
/** Two writes, held in between; `more` is what the step makes of the second one's failure. */
const script = (more: string, held = whileHeld('held')) =>
  `${annotate('first')} || exit 9; ${held}; ${annotate('second')}${more}`;
/** Where no read is answered any more, the refusal itself lets the step go on. */
const untilRefused =
  'while kubectl get configmap held --ignore-not-found -o name 2>/dev/null | grep -q ^configmap; do sleep 0.5; done';

interface Case {
  /** What changes after the first write. */
  readonly change: (tenant: Tenant, action: string) => Promise<unknown>;
  /** What the action says of it at its end. */
  readonly says: RegExp;
  /** Whether the step ends well although its second write was refused. */
  readonly ignores?: boolean;
  /** Whether the steps are those of the action itself. */
  readonly own?: boolean;
  readonly held?: string;
  readonly state?: string;
}

const relabel = (label: string, value: string | null) => (tenant: Tenant) =>
  client.patch(namespaces, { name: tenant.namespace }, { metadata: { labels: { [label]: value } } }, { type: 'merge' });
const stricter = (spec: object) => (tenant: Tenant) => tenant.setPolicy(spec);
const edit = (patch: object) => (tenant: Tenant) =>
  client.patch(playbooks, { name: 'twice', namespace: tenant.namespace }, patch, { type: 'merge' });

const cases: Readonly<Record<string, Case>> = {
  'the namespace is relabelled': {
    change: relabel('sentinel.dev/environment', 'production'),
    says: /the environment of the namespace changed from 'staging' to 'production'/,
    ignores: true,
  },
  'the namespace opts out': {
    change: relabel('sentinel.dev/enabled', null),
    says: /has not opted in/,
    held: untilRefused,
    ignores: true,
  },
  '`environments.allow` shrinks': {
    change: stricter({ environments: { allow: ['development'] } }),
    says: /environment 'staging' is not allowed/,
  },
  '`modes` shrinks': {
    change: stricter({ modes: ['DryRun'] }),
    says: /mode 'Apply' is not allowed/,
    ignores: true,
  },
  '`playbooks.adHocSteps` becomes Deny': {
    change: stricter({ playbooks: { adHocSteps: 'Deny' } }),
    says: /ad-hoc steps are not allowed/,
    own: true,
    ignores: true,
  },
  'a Deny enters `commands`': {
    change: stricter({ commands: [{ prefix: ['kubectl', 'annotate'], decision: 'Deny', justification: 'Notes are frozen.' }] }),
    says: /is denied by 'kubectl annotate': Notes are frozen/,
  },
  '`images.allow` shrinks': {
    change: stricter({ images: { allow: ['registry.example.com/**'] } }),
    says: /image '[^']+' is not in `images\.allow`/,
    ignores: true,
  },
  'the requester loses the verb `use`': {
    change: ({ namespace }) => client.delete(rolebindings, { name: 'sentinel-use', namespace }),
    says: /the requester needs the verb 'use' on accounts\.sentinel\.dev\/remediator and does not hold it/,
    ignores: true,
  },
  'the trust in the Playbook is removed': {
    change: edit({ metadata: { annotations: { 'sentinel.dev/trust': null } } }),
    says: /the Playbook is not trusted/,
    ignores: true,
  },
  'the Playbook is edited': {
    change: edit({ spec: { description: 'Something else.' } }),
    says: /the Playbook is not trusted: it changed or was deleted after the action was admitted/,
  },
  'a rule of `kubernetes` becomes Deny': {
    change: stricter({
      kubernetes: [
        { apiGroups: ['', 'apps'], resources: ['configmaps', 'deployments'], verbs: ['get', 'list', 'watch'], decision: 'Allow' },
        { apiGroups: ['apps'], resources: ['deployments'], verbs: ['patch'], decision: 'Deny', justification: 'Hands off.' },
      ],
    }),
    says: /patch deployments\.apps in namespace '[a-z0-9-]+' is denied: Hands off/,
    ignores: true,
  },
  'one more approval is required': {
    change: stricter({ approvals: [{ upToRisk: 'High', approvals: 2, groups: ['shop-approvers'], expiresAfter: '1h' }] }),
    says: /the plan does not have the approvals that policy requires now/,
  },
  'the action is cancelled': {
    change: ({ namespace }, name) =>
      client.patch(agentActions, { name, namespace }, { spec: { cancelled: true } }, { type: 'merge' }),
    says: /./,
    state: 'Cancelled',
    ignores: true,
  },
};

const over = [
  'Succeeded',
  'RolledBack',
  'RollbackIncomplete',
  'RunFailed',
  'Blocked',
  'Cancelled',
  'VerificationFailed',
  'Denied',
];

const annotationsOf = async ({ namespace }: Tenant): Promise<Record<string, string>> =>
  (await admin.get<{ metadata: { annotations?: Record<string, string> } }>(['deployment', 'web', '-n', namespace])).metadata
    .annotations ?? {};

async function filed(tenant: Tenant, { own }: Case, command: readonly string[]): Promise<string> {
  if (!own) return await tenant.file('twice');
  return await tenant.file(
    'own',
    {},
    {
      playbookRef: undefined,
      parameters: undefined,
      steps: [{ name: 'one', command }],
      account: 'remediator',
      image: tenant.image,
    },
  );
}

describe('Between two writes of a run', { concurrency: 3 }, () => {
  for (const [index, [what, one]] of Object.entries(cases).entries())
    it(`${what}: the second one is refused, the first one rolled back`, async () => {
      const command = ['sh', '-c', script(one.ignores ? ' || true' : '', one.held)];
      const tenant = await makeTenant(`mid-run-${index}`, { policy, playbooks: oneStep('twice', command) });
      await admin.apply(JSON.stringify(imageOnly('web', tenant.namespace)));
      const name = await filed(tenant, one, command);
      const waiting = await tenant.until(name, ['AwaitingApproval', ...over]);
      assert.equal(stateOf(waiting), 'AwaitingApproval', messageOf(waiting));
      assert.equal(waiting.status?.plan?.effects, 2);
      const letGo = await hold(tenant, 'held');
      const { code, stderr } = await tenant.decide(tenant.approver, name, 'approve');
      assert.equal(code, 0, stderr);
      await eventually('the first write', async () => (await annotationsOf(tenant)).first === 'yes');
      await one.change(tenant, name);
      await letGo();
      const action = await tenant.until(name, over);
      assert.equal(stateOf(action), one.state ?? 'RolledBack', messageOf(action));
      assert.match(messageOf(action), one.says);
      assert.match(messageOf(action), /1 of 1 effects rolled back/);
      const { first, second } = await annotationsOf(tenant);
      assert.deepEqual({ first, second }, { first: undefined, second: undefined });
      // The first write, and its rollback.
      assert.equal(await realWrites(tenant.namespace, 'web'), 2);
    });
});
