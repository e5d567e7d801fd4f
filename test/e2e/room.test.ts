import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { type AgentAction, agentActions, askingManager } from '@sentinel/crds';
import { ApiError, type KubeClient } from '@sentinel/kube';
import { admin, eventually, type Person, person } from '../lib/cluster.ts';
import { annotateWeb } from '../lib/one-step.ts';
import { policyAbout } from '../lib/people/requester.ts';
import { client, clientOf, makeTenant, type Tenant } from '../lib/tenant.ts';

// The requester of an action can write a lot on it. Here they do, and the decisions of others and the end of the action still fit.

const GROUP = 'sentinel.dev/v1alpha1';
const range = (count: number) => Array.from({ length: count }, (_, index) => index);
// Each of these takes six bytes where it is stored.
const fill = (length: number) => '<'.repeat(length);
const labels = (count: number, length = 63) =>
  Object.fromEntries(range(count).map((at) => [`l${at}`, String(at).padStart(length, 'x')]));

let tenant: Tenant;
let agent: KubeClient;
let namespace = '';
let bea: Person;

before(async () => {
  tenant = await makeTenant('room', { playbooks: annotateWeb('touch'), policy: policyAbout('rita', 2) });
  namespace = tenant.namespace;
  await tenant.deploy('web');
  agent = clientOf(tenant.agent);
  bea = await person('bea', ['shop-approvers', 'shop-viewers']);
});

/** Sends a request again that must be retried, as kubectl does: long texts of a namespace are read in turns. */
async function asKubectl<T>(send: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++)
    try {
      return await send();
    } catch (error) {
      if (tries >= 10 || !(error instanceof ApiError && error.status === 429)) throw error;
      await setTimeout((error.retryAfterSeconds ?? 1) * 1000);
    }
}

let filed = 0;
async function file(metadata: object = {}, intent: object = {}): Promise<string> {
  filed += 1;
  const name = `room-${filed}`;
  const object = {
    apiVersion: GROUP,
    kind: 'AgentAction',
    metadata: { name, namespace, ...metadata },
    spec: {
      intent: { summary: 'Touch', ...intent },
      playbookRef: { name: 'touch' },
      parameters: [{ name: 'key', value: name }],
    },
  };
  await asKubectl(() => agent.create(agentActions, object as unknown as AgentAction));
  return name;
}

const change = (by: KubeClient, name: string, metadata: object, fieldManager?: string) =>
  by.patch(agentActions, { name, namespace }, { metadata }, { type: 'merge', ...(fieldManager ? { fieldManager } : {}) });

const refuses = (attempt: Promise<unknown>, message: RegExp) =>
  assert.rejects(attempt, (error: Error) => {
    assert.match(error.message, message);
    return true;
  });

const apply = (by: KubeClient, name: string, metadata: object, fieldManager: string) =>
  by.patch(
    agentActions,
    { name, namespace },
    { apiVersion: GROUP, kind: 'AgentAction', metadata: { name, namespace, ...metadata } },
    { type: 'apply', fieldManager, force: true },
  );

const decide = async (who: Person, name: string, word: 'approve' | 'reject' | 'revoke', comment = '') => {
  const { status } = await tenant.action(name);
  const plan = status?.plan?.digest ?? '';
  const annotations = { 'sentinel.dev/decision': word, 'sentinel.dev/plan': plan, 'sentinel.dev/comment': comment };
  await change(clientOf(who), name, { annotations }, askingManager(word, plan));
};

describe('Labels and annotations of an action', { concurrency: true }, () => {
  let name = '';
  before(async () => {
    name = await file();
    await tenant.until(name, ['AwaitingApproval']);
  });

  it('are not padded until no decision fits', async () => {
    await refuses(
      change(agent, name, { annotations: { pad: 'x'.repeat(200 * 1024) } }),
      /at most 64 annotations beside those of Sentinel/,
    );
    await refuses(change(agent, name, { annotations: Object.fromEntries(labelEntries(65)) }), /at most 64 annotations/);
    await refuses(change(agent, name, { annotations: { 'sentinel.dev/pad': 'x'.repeat(50_000) } }), /of 49152 bytes together/);
    await refuses(change(agent, name, { annotations: { pad: 'ö'.repeat(25_000) } }), /of 49152 bytes together/);
  });

  it('are not so many that no status fits', async () => {
    await refuses(change(agent, name, { labels: labels(4200) }), /at most 64 labels/);
    await refuses(file({ labels: labels(4200) }), /at most 64 labels/);
    const long = Object.fromEntries(range(60).map((at) => [`${'p'.repeat(240)}.io/${String(at).padStart(60, 'x')}`, 'v']));
    await refuses(change(agent, name, { labels: long }), /of 16384 bytes together/);
  });

  it('belong to who filed it, and to those who may amend it', async () => {
    const ada = clientOf(tenant.approver);
    const message = /or a user with the verb 'amend', may change labels and annotations/;
    await refuses(change(ada, name, { labels: { a: 'b' } }), message);
    await refuses(change(ada, name, { annotations: { note: 'x' } }), message);
    await change(agent, name, { annotations: { note: 'x' }, labels: { a: 'b' } });
    await refuses(change(ada, name, { annotations: { note: null } }), message);
    await change(client, name, { annotations: { note: null }, labels: { a: null } });
  });

  it('of tools that deliver actions are taken', async () => {
    const manifest = (label: string) =>
      JSON.stringify({
        apiVersion: GROUP,
        kind: 'AgentAction',
        metadata: {
          name: 'delivered',
          namespace,
          labels: { 'app.kubernetes.io/managed-by': 'Helm', 'helm.sh/chart': label },
          annotations: {
            'argocd.argoproj.io/tracking-id': `shop:sentinel.dev/AgentAction:${namespace}/delivered`,
            'argocd.argoproj.io/sync-wave': '1',
            'meta.helm.sh/release-name': 'shop',
            'kustomize.toolkit.fluxcd.io/ssa': 'Merge',
          },
        },
        spec: { intent: { summary: 'Touch' }, playbookRef: { name: 'touch' }, parameters: [{ name: 'key', value: 'delivered' }] },
      });
    await tenant.agent.apply(manifest('shop-1'));
    await tenant.agent.apply(manifest('shop-2'));
    await tenant.agent.kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], { input: manifest('shop-3') });
  });

  it('are not written by so many field managers that no status fits', async () => {
    const managed = await file();
    const by = (at: number) => apply(agent, managed, { labels: { [`m${at % 8}`]: 'x' } }, `manager-${at}`);
    for (const at of range(20)) await by(at);
    await refuses(
      range(40).reduce<Promise<unknown>>((before, at) => before.then(() => by(at + 20)), Promise.resolve()),
      /too many field managers/,
    );
    // The comment of a cancellation is bounded as well, so that it takes no room either.
    const entry = (at: number) => ({
      manager: `padding-${at}`,
      operation: 'Update',
      apiVersion: 'sentinel.dev/v1alpha1',
      time: '2026-01-01T00:00:00Z',
      fieldsType: 'FieldsV1',
      fieldsV1: { 'f:metadata': { 'f:labels': Object.fromEntries(range(400).map((n) => [`f:${fill(60)}${n}`, {}])) } },
    });
    const padding = { metadata: { managedFields: range(8).map(entry) }, spec: { cancelled: true } };
    await refuses(agent.patch(agentActions, { name: managed, namespace }, padding, { type: 'merge' }), /too many field managers/);
    await agent.patch(agentActions, { name: managed, namespace }, { spec: { cancelled: true } }, { type: 'merge' });
    await tenant.until(managed, ['Cancelled']);
  });
});

const labelEntries = (count: number) => range(count).map((at): [string, string] => [`a${at}`, 'x']);

/** An action on which everything is filled that its requester may fill. */
async function fileFilled(): Promise<string> {
  const intent = {
    prompt: fill(16_384),
    reason: fill(2_048),
    goal: fill(1_024),
    references: range(16).map(() => fill(1_024)),
    role: fill(128),
    agent: { name: fill(128), model: fill(128), session: fill(256) },
    tool: { server: fill(512), name: fill(256) },
  };
  const annotations = {
    pad: fill(49_152 - 3 - 63 * 3),
    ...Object.fromEntries(range(63).map((at) => [`a${at % 10}${String.fromCharCode(97 + at / 10)}`, ''])),
  };
  return await file({ labels: labels(64), annotations }, intent);
}

async function fillManagers(name: string): Promise<void> {
  for (const at of range(40)) {
    try {
      await apply(agent, name, { labels: labels(40) }, `manager-${at}`);
    } catch (error) {
      assert.match(String(error), /too many field managers/);
      return;
    }
  }
  assert.fail('the field managers have no end');
}

describe('An action that its requester has filled', { concurrency: true }, () => {
  it('is approved, revoked and rejected, and ends', async () => {
    const name = await fileFilled();
    await tenant.until(name, ['AwaitingApproval', 'Denied']);
    await fillManagers(name);
    await decide(tenant.approver, name, 'approve', fill(1_024));
    await decide(tenant.approver, name, 'revoke', fill(1_024));
    await decide(tenant.approver, name, 'approve', fill(1_024));
    await decide(bea, name, 'reject', fill(1_024));
    const ended = await tenant.until(name, ['Rejected']);
    assert.equal(ended.status?.outbox?.records.at(-1)?.transition, 'Ended');
    console.log(`      stored: ${JSON.stringify(await client.get(agentActions, { name, namespace })).length} characters`);
  });

  it('runs when it is approved', async () => {
    const name = await fileFilled();
    await tenant.until(name, ['AwaitingApproval', 'Denied']);
    await fillManagers(name);
    await decide(tenant.approver, name, 'approve');
    await decide(bea, name, 'approve');
    await tenant.until(name, ['Succeeded']);
  });

  it('is cancelled', async () => {
    const name = await fileFilled();
    await fillManagers(name);
    await agent.patch(agentActions, { name, namespace }, { spec: { cancelled: true } }, { type: 'merge' });
    await tenant.until(name, ['Cancelled']);
    await admin.kubectl(['delete', 'agentaction', name, '-n', namespace, '--timeout=30s']);
  });
});

describe('An action that its requester writes in a loop', { concurrency: true }, () => {
  const writes = (name: string) => {
    let isOver = false;
    const counts = { stored: 0, refused: 0 };
    const loops = Promise.all(
      range(4).map(async () => {
        while (!isOver)
          await change(agent, name, { annotations: { note: String(Math.random()) } }).then(
            () => (counts.stored += 1),
            () => (counts.refused += 1),
          );
      }),
    );
    return {
      counts,
      async end() {
        isOver = true;
        await loops;
      },
    };
  };
  /** What a person does who reads that the object has changed meanwhile: the same again. Answers with how often. */
  const untilTaken = async (attempt: () => Promise<unknown>) => {
    for (let tries = 1; ; tries++)
      try {
        await attempt();
        return tries;
      } catch (error) {
        if (tries >= 10 || !(error instanceof ApiError && error.status === 409)) throw error;
      }
  };
  const cli = (verb: string, name: string) => bea.sentinel([verb, name, '-n', namespace, '--comment', 'no', '--yes']);
  const ways: readonly (readonly [string, (name: string) => Promise<unknown>])[] = [
    ['is rejected by the plugin', (name) => cli('reject', name)],
    ['is rejected with plain kubectl', (name) => decide(bea, name, 'reject')],
  ];
  for (const [title, reject] of ways)
    it(`${title}, and ends, while it is written`, async (context) => {
      const name = await file();
      await tenant.until(name, ['AwaitingApproval']);
      const loop = writes(name);
      try {
        const tries = await untilTaken(() => reject(name));
        await tenant.until(name, ['Rejected']);
        const { stored, refused } = loop.counts;
        context.diagnostic(`decided at try ${tries}, while ${stored} writes were stored and ${refused} refused`);
        await eventually('another write', async () => loop.counts.stored + loop.counts.refused > stored + refused);
      } finally {
        await loop.end();
      }
    });
});
