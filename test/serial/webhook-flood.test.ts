import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { admin } from '../lib/cluster.ts';
import { floodWebhook, type WebhookFlood } from '../lib/hostile/webhook-flood.ts';
import { annotateWeb } from '../lib/one-step.ts';
import { policyAbout } from '../lib/people/requester.ts';
import { makeTenant, type Tenant } from '../lib/tenant.ts';

// Every pod can reach the Service of the webhook. Here one sends it all that it can: large, dense and slow bodies, forged decisions,
// connections. People decide all the same, and no replica is restarted.

interface Pods {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly status: { readonly containerStatuses?: readonly { readonly restartCount: number; readonly ready: boolean }[] };
  }[];
}

const replicas = async () => {
  const { items } = await admin.get<Pods>(['pods', '-n', 'sentinel-system', '-l', 'app.kubernetes.io/component=webhook']);
  return items.map(({ metadata, status }) => `${metadata.name} ${status.containerStatuses?.[0]?.restartCount}`).sort();
};

describe('While a pod floods the webhook', { concurrency: false }, () => {
  let tenant: Tenant;
  let flood: WebhookFlood | undefined;
  let running: string[] = [];

  /** Files, approves and runs an action; answers with the seconds that the decision, and all of it, took. */
  const timeOne = async (key: string) => {
    const start = performance.now();
    const name = await tenant.file('touch', { key });
    await tenant.until(name, ['AwaitingApproval']);
    const decided = performance.now();
    const { code, stderr } = await tenant.decide(tenant.approver, name, 'approve');
    assert.equal(code, 0, stderr);
    const decision = (performance.now() - decided) / 1000;
    await tenant.until(name, ['Succeeded']);
    return { decision, all: (performance.now() - start) / 1000 };
  };

  before(async () => {
    tenant = await makeTenant('flooded', { playbooks: annotateWeb('touch'), policy: policyAbout('rita', 1) });
    await tenant.deploy('web');
    running = await replicas();
  });
  after(() => flood?.stop());

  it('people decide, and no replica is restarted', { timeout: 300_000 }, async (context) => {
    const usual = await timeOne('calm');
    flood = await floodWebhook(tenant.namespace);
    for (const key of ['one', 'two', 'three']) {
      const flooded = await timeOne(key);
      context.diagnostic(
        `decision ${flooded.decision.toFixed(1)} s (alone ${usual.decision.toFixed(1)}), all ${flooded.all.toFixed(1)} s (alone ${usual.all.toFixed(1)})`,
      );
    }
    context.diagnostic(`what the flood got: ${await flood.counts()}`);
    assert.ok(await flood.isRunning(), 'the flood has ended');
    assert.deepEqual(await replicas(), running);
  });
});
