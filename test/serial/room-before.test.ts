import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { agentActions, askingManager } from '@sentinel/crds';
import type { KubeClient } from '@sentinel/kube';
import { admin, eventually } from '../lib/cluster.ts';
import { annotateWeb } from '../lib/one-step.ts';
import { policyAbout } from '../lib/people/requester.ts';
import { client, clientOf, makeTenant, type Tenant } from '../lib/tenant.ts';

// Actions that were filled before there were bounds for it: the bindings of the policies are away while their requester fills them.

const BINDINGS = ['sentinel-room', 'sentinel-action-room'];
const range = (count: number) => Array.from({ length: count }, (_, index) => index);

let tenant: Tenant;
let agent: KubeClient;
let namespace = '';
let saved = '';

/** Changes metadata of an action. An edit beyond the rate that leaves room for decisions is sent again. */
async function change(by: KubeClient, name: string, metadata: object, fieldManager?: string): Promise<void> {
  const options = { type: 'merge', ...(fieldManager ? { fieldManager } : {}) } as const;
  for (;;)
    try {
      return void (await by.patch(agentActions, { name, namespace }, { metadata }, options));
    } catch (error) {
      if (!/edited too often/.test(String(error))) throw error;
      await setTimeout(1_000);
    }
}

async function reject(name: string): Promise<void> {
  const plan = (await tenant.action(name)).status?.plan?.digest ?? '';
  const annotations = { 'sentinel.dev/decision': 'reject', 'sentinel.dev/plan': plan };
  await change(clientOf(tenant.approver), name, { annotations }, askingManager('reject', plan));
}

/** Whether an action of so many labels would be taken. */
const takesLabels = async (count: number): Promise<boolean> => {
  const labels = Object.fromEntries(range(count).map((at) => [`l${at}`, 'x']));
  const spec = { intent: { summary: 'Touch' }, playbookRef: { name: 'touch' }, parameters: [{ name: 'key', value: 'x' }] };
  const action = {
    apiVersion: 'sentinel.dev/v1alpha1',
    kind: 'AgentAction',
    metadata: { name: 'probe', namespace, labels },
    spec,
  };
  try {
    await agent.create(agentActions, action as never, { dryRun: true });
    return true;
  } catch (error) {
    assert.match(String(error), /at most 64 labels/);
    return false;
  }
};

/** Adds labels until the API server has no room for more. */
async function fillLabels(name: string): Promise<number> {
  let count = 0;
  for (const step of [400, 100, 20, 5, 1])
    for (;;) {
      const labels = Object.fromEntries(
        range(step).map((at) => [`${'p'.repeat(230)}.io/${String(count + at).padStart(8, '0')}`, 'v'.repeat(60)]),
      );
      try {
        await change(agent, name, { labels });
        count += step;
      } catch (error) {
        assert.match(String(error), /too large|entity too large|larger than max/i);
        break;
      }
    }
  return count;
}

describe('An action that was filled before there were bounds', { concurrency: false }, () => {
  const names = ['labels', 'annotation'] as const;
  before(async () => {
    tenant = await makeTenant('before', { playbooks: annotateWeb('touch'), policy: policyAbout('rita', 1) });
    namespace = tenant.namespace;
    agent = clientOf(tenant.agent);
    await tenant.deploy('web');
    for (const name of names)
      await tenant.agent.apply(
        JSON.stringify({
          apiVersion: 'sentinel.dev/v1alpha1',
          kind: 'AgentAction',
          metadata: { name, namespace },
          spec: { intent: { summary: 'Touch' }, playbookRef: { name: 'touch' }, parameters: [{ name: 'key', value: name }] },
        }),
      );
    for (const name of names) await tenant.until(name, ['AwaitingApproval']);
    saved = await admin.kubectl(['get', 'validatingadmissionpolicybinding', ...BINDINGS, '-o', 'json']);
    await admin.kubectl(['delete', 'validatingadmissionpolicybinding', ...BINDINGS]);
    await eventually('no bounds', () => takesLabels(100));
    const count = await fillLabels('labels');
    console.log(`    labels that fit: ${count}`);
    // Room for a rejection, and none for a status that reports it.
    const some = Object.keys((await tenant.action('labels')).metadata.labels ?? {}).slice(0, 3);
    await change(agent, 'labels', { labels: Object.fromEntries(some.map((key) => [key, null])) });
    const { pad: _, ...others } = (await tenant.action('annotation')).metadata.annotations;
    const used = Object.entries(others).reduce((sum, [key, value]) => sum + key.length + Buffer.byteLength(value), 0);
    await change(agent, 'annotation', { annotations: { pad: 'x'.repeat(256 * 1024 - used - 100) } });
    await restore();
  });

  async function restore(): Promise<void> {
    const { items } = JSON.parse(saved) as {
      items: { metadata: { name: string; labels?: object; annotations?: object }; spec: object }[];
    };
    for (const { metadata, spec } of items) {
      const { name, labels, annotations } = metadata;
      const kind = 'ValidatingAdmissionPolicyBinding';
      await admin.apply(
        JSON.stringify({ apiVersion: 'admissionregistration.k8s.io/v1', kind, metadata: { name, labels, annotations }, spec }),
      );
    }
    await eventually('bounds', async () => !(await takesLabels(100)));
  }
  after(restore);

  it('ends when it is rejected, although no status fits on it', async () => {
    await reject('labels');
    await assert.rejects(change(client, 'labels', { annotations: { probe: 'x'.repeat(2_000) } }), /too large/);
    const ended = await tenant.until('labels', ['Rejected']);
    assert.equal(ended.status?.outbox?.records.at(-1)?.transition, 'Ended');
  });

  it('is decided once an approver has removed what is too much on it, and nothing else of it', async () => {
    const ada = clientOf(tenant.approver);
    await assert.rejects(reject('annotation'), /annotations may have at most 262144 bytes together: remove some/);
    await assert.rejects(
      change(ada, 'annotation', { annotations: { pad: 'short' } }),
      /may change labels and annotations of an action/,
    );
    await change(ada, 'annotation', { annotations: { pad: null } });
    await reject('annotation');
    await tenant.until('annotation', ['Rejected']);
  });

  it('is the only kind that anybody but its requester may take something from', async () => {
    await assert.rejects(
      change(clientOf(tenant.approver), 'annotation', {
        annotations: { 'kubectl.kubernetes.io/last-applied-configuration': null },
      }),
      /may change labels and annotations of an action/,
    );
    assert.ok((await client.get(agentActions, { name: 'annotation', namespace }))?.metadata.annotations);
  });
});
