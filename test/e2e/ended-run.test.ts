import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { paths } from '@sentinel/cluster';
import { type AgentActionStatus, agentActions, type State } from '@sentinel/crds';
import { createClient, createTransport, loadConfig } from '@sentinel/kube';
import { admin, policyForAnyPlaybook } from '../lib/cluster.ts';
import { oneStep } from '../lib/one-step.ts';
import { client, makeTenant, messageOf, type Tenant } from '../lib/tenant.ts';

// Somebody who has taken the operator over writes into the status of an action that has ended that it must be rolled back, or that it
// has not begun. The API server keeps the end as it is; what the gateway makes of such a status is tried with its own modules
// (gateway/src/rollback/due.test.ts, gateway/src/enforce/interleavings.test.ts).

const operator = createClient(
  createTransport(loadConfig({ kubeconfig: paths.kubeconfig, as: 'system:serviceaccount:sentinel-system:sentinel-operator' }), {
    userAgent: 'sentinel-tests',
  }),
);
const over = [
  'Succeeded',
  'RolledBack',
  'RollbackIncomplete',
  'RunFailed',
  'VerificationFailed',
  'Blocked',
  'Denied',
  'NoEffect',
];
const annotate = (key: string) => ['kubectl', 'annotate', 'deployment', 'web', `${key}=yes`];
const verify = (script: string) => `  verify:\n  - {name: check, command: [sh, -c, ${JSON.stringify(script)}]}\n`;
const policy = policyForAnyPlaybook();
const playbooks = [
  oneStep('checked', annotate('checked'), { more: verify('kubectl get deployment web') }),
  oneStep('again', annotate('again'), { more: verify('kubectl get deployment web') }),
  oneStep('unchecked', annotate('unchecked')),
  oneStep('one-way', annotate('one-way'), { more: verify('kubectl get deployment web; exit 1') }).replace(
    'from: PreImages',
    'from: None, reason: A test.',
  ),
].join('\n');

describe('A run that has ended', () => {
  let tenant: Tenant;
  const isAnnotated = async (key: string) =>
    (
      await admin.kubectl(['get', 'deployment', 'web', '-n', tenant.namespace, '-o', 'jsonpath={.metadata.annotations}'])
    ).includes(`"${key}":"yes"`);
  /** What the API server says to another status, written as the operator; undefined when it is stored. */
  const refusalOf = async (name: string, change: (status: AgentActionStatus) => void): Promise<string | undefined> => {
    for (;;) {
      const action = await client.getOrThrow(agentActions, { name, namespace: tenant.namespace });
      assert.ok(action.status);
      change(action.status);
      const refusal = await operator.replaceStatus(agentActions, action).then(
        () => undefined,
        (error: unknown) => String(error),
      );
      // The running operator has written in between.
      if (!refusal?.includes('the object has been modified')) return refusal;
    }
  };
  const claimsToBe = (state: State) => (status: AgentActionStatus) => {
    delete status.finishedAt;
    for (const one of status.conditions ?? [])
      if (one.type === 'Succeeded') Object.assign(one, { status: 'Unknown', reason: state });
  };
  const approve = async (name: string) => {
    await tenant.until(name, ['AwaitingApproval', ...over]);
    const { code, stderr } = await tenant.decide(tenant.approver, name, 'approve');
    assert.equal(code, 0, `${stderr} ${messageOf(await tenant.action(name))}`);
  };
  const ended = async (playbook: string, as: State) => {
    const name = await tenant.file(playbook);
    await approve(name);
    const action = await tenant.until(name, over);
    assert.equal(action.status?.conditions?.find(({ type }) => type === 'Succeeded')?.reason, as, messageOf(action));
    return name;
  };

  before(async () => {
    tenant = await makeTenant('ended', { policy, playbooks });
    await tenant.deploy('web');
  });

  const rows: Readonly<Record<string, readonly [playbook: string, end: State]>> = {
    'whose checks succeeded': ['checked', 'Succeeded'],
    'that has no checks': ['unchecked', 'Succeeded'],
    'whose plan has no rollback': ['one-way', 'VerificationFailed'],
  };
  const kept = /the action has ended: `finishedAt` and the reason of the condition Succeeded must not change/;
  for (const [what, [playbook, end]] of Object.entries(rows))
    it(`and ${what} is not rolled back because its status says so`, async () => {
      const name = await ended(playbook, end);
      assert.match((await refusalOf(name, claimsToBe('RollingBack'))) ?? 'stored', kept);
      assert.equal(await isAnnotated(playbook), true, 'its change is gone');
    });

  it('is not run once more because its status says that it has not begun', async () => {
    const name = await ended('again', 'Succeeded');
    await admin.kubectl(['annotate', 'deployment', 'web', 'again-', '-n', tenant.namespace]);
    const refusal = await refusalOf(name, (status) => {
      claimsToBe('Pending')(status);
      for (const field of ['plan', 'required', 'decisions', 'stages', 'results'] as const) delete status[field];
    });
    assert.match(refusal ?? 'stored', kept);
    assert.equal(await isAnnotated('again'), false, 'it ran again');
  });
});
