import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { paths } from '@sentinel/cluster';
import { createTransport, loadConfig } from '@sentinel/kube';
import { admin, eventually, example } from '../lib/cluster.ts';
import { makeTenant, messageOf, stateOf, type Tenant } from '../lib/tenant.ts';

// Takes guards of the whole installation away, so nothing else may run beside it. Each is put back at once, whatever happens.

interface Kept {
  metadata: Record<string, unknown>;
}

/** Deletes an object, does `meanwhile`, and makes the object again. */
async function without(object: readonly string[], meanwhile: () => Promise<void>): Promise<void> {
  const kept = await admin.get<Kept>(object);
  for (const field of ['uid', 'resourceVersion', 'creationTimestamp', 'generation', 'managedFields']) delete kept.metadata[field];
  await admin.kubectl(['delete', ...object]);
  try {
    await meanwhile();
  } finally {
    await admin.kubectl(['create', '-f', '-'], { input: JSON.stringify(kept) });
  }
}

const lock = ['validatingadmissionpolicybinding', 'sentinel-run-lock'];

// The user that the gateway probes with may patch, not get, so kubectl is no help here.
const probe = createTransport(loadConfig({ kubeconfig: paths.kubeconfig, as: 'sentinel:probe' }), {
  userAgent: 'sentinel-tests',
});

/** Whether the API server refuses a write of the probe that is not a dry-run: a new binding takes a moment to be in force. */
async function lockHolds(): Promise<boolean> {
  const answer = await probe.request({
    method: 'PATCH',
    path: '/api/v1/namespaces/sentinel-system/configmaps/sentinel-lock-probe',
    headers: { 'content-type': 'application/merge-patch+json' },
    body: JSON.stringify({ data: { probed: 'a write that must never persist' } }),
  });
  return answer.status === 403 && answer.body.toString('utf8').includes('sentinel-run-lock');
}

describe('Without its guards, nothing starts', { concurrency: false }, () => {
  let tenant: Tenant;

  before(async () => {
    tenant = await makeTenant('gw-guards');
    // One for each action that runs: two never change one object at a time.
    for (const name of ['web', 'api', 'cart'])
      await admin.apply(
        example('shop/workload.yaml')
          .replaceAll('namespace: shop', `namespace: ${tenant.namespace}`)
          .replace('name: web\n', `name: ${name}\n`)
          .replaceAll('app: web', `app: ${name}`)
          .replace('localhost/web:no-such-tag', tenant.image),
      );
  });

  const file = (image: string, deployment = 'web') => tenant.file('set-image', { deployment, container: 'web', image });
  const imageNow = () =>
    admin.kubectl([
      'get',
      'deployment',
      'web',
      '-n',
      tenant.namespace,
      '-o',
      'jsonpath={.spec.template.spec.containers[0].image}',
    ]);

  async function waiting(image: string, deployment: string): Promise<string> {
    const name = await file(image, deployment);
    await tenant.until(name, ['AwaitingApproval']);
    return name;
  }

  /** Approves while the guard is gone: the action stays where it is. */
  async function staysBecause(name: string, why: RegExp): Promise<void> {
    const before = await imageNow();
    await tenant.decide(tenant.approver, name, 'approve');
    const action = await eventually(`why ${name} waits`, async () => {
      const now = await tenant.action(name);
      return why.test(messageOf(now)) && now;
    });
    assert.ok(!action.status?.stages?.some(({ stage }) => stage === 'run'), stateOf(action));
    assert.equal(await imageNow(), before);
  }

  const runs = async (name: string) =>
    await eventually(`the start of ${name}`, async () =>
      (await tenant.action(name)).status?.stages?.some(({ stage }) => stage === 'run'),
    );

  it('the lock: no rehearsal goes on, and an approved action waits until it is back', async () => {
    const name = await waiting('localhost/web:one', 'web');
    try {
      await without(lock, async () => {
        await eventually('a lock that is gone', async () => !(await lockHolds()));
        // Longer than the gateway believes in its last probe.
        await new Promise((resolve) => setTimeout(resolve, 1500));
        const refused = await tenant.until(await file('localhost/web:two'), ['RehearsalFailed']);
        assert.match(messageOf(refused), /no rehearsal: the API server let a write through that is not a dry-run/);
        await staysBecause(name, /ValidatingAdmissionPolicyBinding 'sentinel-run-lock' is missing/);
      });
    } finally {
      await eventually('the lock', lockHolds);
      await admin.kubectl([
        'patch',
        'configmap',
        'sentinel-lock-probe',
        '-n',
        'sentinel-system',
        '--type=merge',
        '-p',
        '{"data":null}',
      ]);
    }
    await runs(name);
  });

  it('the network policy of the sandboxes: an approved action waits until it is back', async () => {
    const name = await waiting('localhost/web:three', 'api');
    await without(['networkpolicy', 'sentinel-default-deny', '-n', 'sentinel-sandboxes'], () =>
      staysBecause(name, /NetworkPolicy 'sentinel-default-deny' is missing/),
    );
    await runs(name);
  });

  it('the webhook: an action that was approved in time waits until its configuration is back', async () => {
    const name = await waiting('localhost/web:four', 'cart');
    // Approved while a guard is missing, so that it has not started when the webhook goes.
    await without(['networkpolicy', 'sentinel-sandbox-egress', '-n', 'sentinel-sandboxes'], async () => {
      await staysBecause(name, /NetworkPolicy 'sentinel-sandbox-egress' is missing/);
      await without(['mutatingwebhookconfiguration', 'sentinel'], async () => {
        const missing = /MutatingWebhookConfiguration 'sentinel' is missing/;
        await eventually('the reason', async () => missing.test(messageOf(await tenant.action(name))));
      });
    });
    await runs(name);
  });
});
