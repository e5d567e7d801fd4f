import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { jobs } from '@sentinel/kube';
import { admin, eventually, policyForAnyWrite } from '../lib/cluster.ts';
import { hold, whileHeld } from '../lib/hold.ts';
import { oneStep } from '../lib/one-step.ts';
import { client, makeTenant, messageOf, stateOf, type Tenant } from '../lib/tenant.ts';

const sandboxes = 'sentinel-sandboxes';

const policy = policyForAnyWrite();

/** Names of the Jobs of a tenant that were created and never released. */
async function suspendedJobs({ namespace }: Tenant): Promise<string[]> {
  const { items } = await client.list(jobs, { namespace: sandboxes });
  return items
    .filter(({ metadata, spec }) => {
      const mine = metadata.annotations?.['sentinel.dev/action']?.startsWith(`${namespace}/`) === true;
      return mine && (spec as { suspend?: boolean }).suspend === true;
    })
    .map(({ metadata }) => `${metadata.annotations?.['sentinel.dev/action'] ?? ''}: ${metadata.name ?? ''}`);
}

const patch = async (tenant: Tenant, kind: string, name: string, body: object, type = 'merge') =>
  await admin.kubectl(['patch', kind, name, '-n', tenant.namespace, `--type=${type}`, '-p', JSON.stringify(body)]);

describe('An action that is ended right after it was filed', { concurrency: false }, () => {
  const many = 10;
  let tenant: Tenant;

  before(async () => {
    const playbooks = oneStep('wait', ['sleep', '5'], { profile: 'Observe' });
    tenant = await makeTenant('lc-orphan', { policy, playbooks });
  });

  const ends: Readonly<Record<string, (name: string) => Promise<unknown>>> = {
    cancelled: async (name) => await patch(tenant, 'agentaction', name, { spec: { cancelled: true } }),
    edited: async (name) => {
      await patch(tenant, 'agentaction', name, { spec: { intent: { summary: 'another' } } });
      await patch(tenant, 'agentaction', name, { spec: { cancelled: true } });
    },
    deleted: async (name) => await admin.kubectl(['delete', 'agentaction', name, '-n', tenant.namespace, '--wait=false']),
  };
  for (const [how, end] of Object.entries(ends))
    it(`leaves no suspended Job when it is ${how}, ${many} times`, async () => {
      const names = await Promise.all(
        Array.from({ length: many }, async () => {
          const name = await tenant.file('wait');
          await end(name);
          return name;
        }),
      );
      await Promise.all(
        names.map((name) =>
          eventually(`the end of ${name}`, async () => {
            const args = [
              'get',
              'agentaction',
              name,
              '-n',
              tenant.namespace,
              '--ignore-not-found',
              '-o',
              'jsonpath={.status.finishedAt}',
            ];
            const { code, stdout } = await admin.tryKubectl(args);
            return code === 0 && (how === 'deleted' ? true : stdout !== '');
          }),
        ),
      );
      await eventually('no suspended Job', async () => {
        const left = await suspendedJobs(tenant);
        if (left.length > 0) throw new Error(left.join(', '));
        return true;
      });
    });
});

describe('A Playbook that changes while its action runs', { concurrency: true }, () => {
  const script = (name: string) => `kubectl create configmap ${name}; ${whileHeld(`held-${name}`)}`;
  let tenant: Tenant;

  before(async () => {
    const playbook = (name: string, check: string) =>
      oneStep(name, ['sh', '-ec', script(name)], { more: `  verify:\n  - {name: check, command: [sh, -c, "${check}"]}\n` });
    tenant = await makeTenant('lc-pinned', {
      policy,
      playbooks: [playbook('unchecked', 'exit 1'), playbook('replaced', 'exit 0'), playbook('gone', 'exit 1')].join(''),
    });
  });

  const running = async (name: string) => {
    const action = await tenant.file(name);
    const planned = await tenant.until(action, ['AwaitingApproval', 'Denied', 'RehearsalFailed']);
    assert.equal(stateOf(planned), 'AwaitingApproval', messageOf(planned));
    const release = await hold(tenant, `held-${name}`);
    const { code, stderr } = await tenant.decide(tenant.approver, action, 'approve');
    assert.equal(code, 0, stderr);
    await eventually('the write of the run', async () => {
      const { code: found } = await admin.tryKubectl(['get', 'configmap', name, '-n', tenant.namespace]);
      return found === 0;
    });
    return { action, release };
  };
  const over = ['Succeeded', 'Blocked', 'RunFailed', 'RolledBack', 'RollbackIncomplete', 'VerificationFailed'];

  it('is verified by the checks that were approved, when they are removed', async () => {
    const { action, release } = await running('unchecked');
    await patch(tenant, 'playbook', 'unchecked', [{ op: 'remove', path: '/spec/verify' }], 'json');
    await release();
    const ended = await tenant.until(action, over);
    assert.equal(stateOf(ended), 'RolledBack', messageOf(ended));
  });

  it('is verified when the checks are replaced by others', async () => {
    const { action, release } = await running('replaced');
    await patch(tenant, 'playbook', 'replaced', { spec: { verify: [{ name: 'check', command: ['false'] }] } });
    await release();
    const ended = await tenant.until(action, over);
    assert.equal(stateOf(ended), 'Succeeded', messageOf(ended));
    assert.match(messageOf(ended), /verified/);
  });

  it('is verified when the Playbook is deleted', async () => {
    const { action, release } = await running('gone');
    await admin.kubectl(['delete', 'playbook', 'gone', '-n', tenant.namespace]);
    await release();
    const ended = await tenant.until(action, over);
    assert.equal(stateOf(ended), 'RolledBack', messageOf(ended));
  });
});

describe('An action that is cancelled between its run and its checks', { concurrency: true }, () => {
  it('is rolled back', async () => {
    const more = '  verifyAfter: 10m\n  verify:\n  - {name: check, command: ["true"]}\n';
    const playbooks = oneStep('later', ['kubectl', 'create', 'configmap', 'later'], { more });
    const tenant = await makeTenant('lc-later', { policy, playbooks });
    const action = await tenant.file('later');
    const planned = await tenant.until(action, ['AwaitingApproval', 'Denied', 'RehearsalFailed']);
    assert.equal(stateOf(planned), 'AwaitingApproval', messageOf(planned));
    const { code, stderr } = await tenant.decide(tenant.approver, action, 'approve');
    assert.equal(code, 0, stderr);
    await tenant.until(action, ['Verifying']);
    await patch(tenant, 'agentaction', action, { spec: { cancelled: true } });
    const ended = await tenant.until(action, ['RolledBack', 'RollbackIncomplete', 'Cancelled']);
    assert.equal(stateOf(ended), 'Cancelled', messageOf(ended));
    assert.match(messageOf(ended), /^the action was cancelled by .+ before it was verified\. 1 of 1 effects rolled back$/);
    const { code: found } = await admin.tryKubectl(['get', 'configmap', 'later', '-n', tenant.namespace]);
    assert.notEqual(found, 0);
  });
});
