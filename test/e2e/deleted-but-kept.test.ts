import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { admin, eventually, policyForAnyPlaybook } from '../lib/cluster.ts';
import { annotateWeb } from '../lib/one-step.ts';
import { makeTenant, messageOf, stateOf, type Tenant } from '../lib/tenant.ts';

// Whoever may edit a Playbook or a policy can set a finalizer on it. What an admin deletes then stays for as long as that person likes,
// and must let nothing happen any more.

const FINALIZER = 'example.com/keep';
const books = ['kept', 'waits'].map(annotateWeb).join('');

let tenant: Tenant;
let namespace = '';

const setFinalizers = (kind: string, name: string, finalizers: readonly string[]) =>
  admin.kubectl(['patch', kind, name, '-n', namespace, '--type=merge', '-p', JSON.stringify({ metadata: { finalizers } })]);
const deleteKept = async (kind: string, name: string) => {
  await setFinalizers(kind, name, [FINALIZER]);
  await admin.kubectl(['delete', kind, name, '-n', namespace, '--wait=false']);
};

describe('What somebody has deleted, and a finalizer keeps', { concurrency: false }, () => {
  before(async () => {
    tenant = await makeTenant('deleted-kept', { playbooks: books, policy: policyForAnyPlaybook() });
    namespace = tenant.namespace;
    await tenant.deploy('web');
  });
  after(async () => {
    for (const [kind, name] of [
      ['playbook', 'kept'],
      ['playbook', 'waits'],
      ['agentpolicy', namespace],
    ] as const)
      await setFinalizers(kind, name, []).catch(() => undefined);
  });

  it('is no Playbook to file an action of', async () => {
    await deleteKept('playbook', 'kept');
    await assert.rejects(tenant.file('kept', { key: 'a' }), /Playbook 'kept' is being deleted \(Sentinel: playbook\)/);
    const trusted = await eventually('its status', async () => {
      const { status } = await admin.get<{ status?: { conditions?: { type: string; status: string; message: string }[] } }>([
        ...['playbook', 'kept', '-n', namespace],
      ]);
      const found = status?.conditions?.find(({ type }) => type === 'Trusted');
      return found?.status === 'False' && found;
    });
    assert.match(trusted.message, /it is being deleted/);
  });

  it('is no Playbook to start an approved action by', async () => {
    const name = await tenant.file('waits', { key: 'b' });
    await tenant.until(name, ['AwaitingApproval']);
    await deleteKept('playbook', 'waits');
    await tenant.decide(tenant.approver, name, 'approve');
    const ended = await tenant.until(name, ['Denied', 'Running', 'Succeeded']);
    assert.equal(stateOf(ended), 'Denied', messageOf(ended));
  });

  it('is not a policy that admits actions', async () => {
    await deleteKept('agentpolicy', namespace);
    await assert.rejects(
      tenant.file('waits', { key: 'c' }),
      /no AgentPolicy in namespace '.*' applies to '.*:repair-agent': the last one is being deleted/,
    );
  });
});
