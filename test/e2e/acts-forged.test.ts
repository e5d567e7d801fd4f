import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { admin, eventually } from '../lib/cluster.ts';
import { openWebhookPort, type WebhookPort } from '../lib/hostile/webhook-port.ts';
import { whoAmI } from '../lib/people/answers.ts';
import { receivedLogs } from '../lib/telemetry.ts';
import { makeTenant, type Tenant } from '../lib/tenant.ts';

// Anyone who reaches the webhook can tell it of acts that nobody asked the API server for. They are told apart from those that were stored.

describe('An act that nobody asked the API server for', { concurrency: false }, () => {
  let tenant: Tenant;
  let webhook: WebhookPort;
  let action: string;

  const actsOn = (transition: string) =>
    receivedLogs()
      .map(({ attributes }) => attributes)
      .filter(
        (attributes) =>
          attributes['sentinel.transition'] === transition &&
          attributes['k8s.namespace.name'] === tenant.namespace &&
          attributes['sentinel.object.name'] === action,
      );

  const forge = async (more: object = {}) =>
    webhook.post('/validate', {
      uid: 'forged',
      resource: { group: 'sentinel.dev', version: 'v1alpha1', resource: 'agentactions' },
      operation: 'DELETE',
      namespace: tenant.namespace,
      name: action,
      userInfo: { username: 'ada', groups: ['shop-approvers'] },
      oldObject: await tenant.action(action),
      ...more,
    });

  before(async () => {
    tenant = await makeTenant('acts-forged');
    await tenant.deploy('web');
    webhook = await openWebhookPort();
    action = await tenant.file('set-image', { deployment: 'web', container: 'web', image: tenant.image });
    await tenant.until(action, ['AwaitingApproval']);
  });
  after(() => webhook.close());

  it('is recorded as one that was not seen in the object', async () => {
    assert.equal((await forge()).allowed, true);
    const [record] = await eventually('the record', async () => {
      const found = actsOn('ActionDeleted');
      return found.length > 0 ? found : undefined;
    });
    assert.deepEqual([record?.['sentinel.actor'], record?.['sentinel.act.confirmed']], ['ada', 'false']);
  });

  it('hides nobody: who really deletes is named, in the action and beside it', async () => {
    const { uid } = (await tenant.action(action)).metadata;
    await admin.kubectl(['delete', 'agentaction', action, '-n', tenant.namespace]);
    const user = (await whoAmI(admin)).username;
    await eventually('the true record', async () =>
      actsOn('ActionDeleted').some((one) => one['sentinel.actor'] === user && one['sentinel.act.confirmed'] === 'true'),
    );
    const ended = receivedLogs().find(
      ({ attributes }) => attributes['sentinel.action.uid'] === uid && attributes['sentinel.transition'] === 'Ended',
    );
    assert.equal(ended?.body, `Cancelled: the action was deleted by ${user}`);
  });

  it('that is made beside a true one is told beside it', async () => {
    action = await tenant.file('set-image', { deployment: 'web', container: 'web', image: tenant.image });
    const waiting = await tenant.until(action, ['AwaitingApproval']);
    await forge();
    await admin.kubectl(['delete', 'agentaction', action, '-n', tenant.namespace, '--wait=false']);
    const ended = await eventually('its end', async () =>
      receivedLogs().find(
        ({ attributes }) =>
          attributes['sentinel.action.uid'] === waiting.metadata.uid && attributes['sentinel.transition'] === 'Ended',
      ),
    );
    assert.match(ended.body, /the action was deleted by (ada or \S+|\S+ or ada)$/);
  });

  it('is refused on an object that there cannot be, and nobody waits for it', async () => {
    for (const name of ['a\ud800', '../x', '%'.repeat(400_000)]) {
      const metadata = { name, namespace: tenant.namespace, uid: 'u', generation: 1 };
      const { allowed, status } = await webhook.post('/validate', {
        uid: 'forged',
        resource: { group: 'sentinel.dev', version: 'v1alpha1', resource: 'playbooks' },
        operation: 'CREATE',
        namespace: tenant.namespace,
        name,
        userInfo: { username: 'ada', groups: [] },
        object: { metadata, spec: {} },
      });
      assert.equal(allowed, false);
      assert.match(status?.message ?? '', /the API server cannot store this object/);
    }
    const policy = ['agentpolicy', tenant.namespace, '-n', tenant.namespace];
    await admin.kubectl(['patch', ...policy, '--type=merge', '-p', '{"spec":{"limits":{"perDay":77}}}']);
    await eventually('the record of an edit', async () =>
      receivedLogs().some(
        ({ attributes }) =>
          attributes['sentinel.transition'] === 'PolicyEdited' && attributes['k8s.namespace.name'] === tenant.namespace,
      ),
    );
  });

  it('leaves nothing in a dry-run', async () => {
    action = await tenant.file('set-image', { deployment: 'web', container: 'web', image: tenant.image });
    await tenant.until(action, ['AwaitingApproval']);
    await forge({ dryRun: true });
    await new Promise((resolve) => setTimeout(resolve, 17_000));
    assert.deepEqual(actsOn('ActionDeleted'), []);
  });
});
