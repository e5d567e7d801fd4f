import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { admin, eventually, example } from '../lib/cluster.ts';
import { makeTenant, messageOf, stagesOf, stateOf, type Tenant } from '../lib/tenant.ts';

// Each describe has a namespace of its own, so the files and the stories of this one can run side by side.

const more = `
# Writes once in a rehearsal, and once more when a switch is thrown: what a manipulated or buggy step does.
apiVersion: sentinel.dev/v1alpha1
kind: Playbook
metadata:
  name: set-image-twice
  namespace: shop
spec:
  category: Other
  description: A step that does more in the real run than it showed.
  account: remediator
  sandbox: {profile: Change, image: "\${TOOLS_IMAGE}"}
  steps:
  - name: change
    command:
    - sh
    - -ec
    - |
      kubectl annotate deployment web touched=yes
      if kubectl get configmap switch >/dev/null 2>&1; then kubectl annotate deployment web more=yes; fi
  rollback: {from: PreImages}
---
# Puts in an image that never becomes ready, so that its verification fails.
apiVersion: sentinel.dev/v1alpha1
kind: Playbook
metadata:
  name: set-broken-image
  namespace: shop
spec:
  category: Other
  description: A change whose verification fails.
  account: remediator
  sandbox: {profile: Change, image: "\${TOOLS_IMAGE}"}
  steps:
  - {name: change, command: [kubectl, set, image, deployment/web, web=localhost/web:still-no-such-tag]}
  verify:
  - {name: ready, command: [kubectl, rollout, status, deployment/web, --timeout=3s]}
  rollback: {from: PreImages}
`;

async function deployWeb(tenant: Tenant, image: string): Promise<void> {
  const yaml = example('shop/workload.yaml')
    .replaceAll('namespace: shop', `namespace: ${tenant.namespace}`)
    .replace('localhost/web:no-such-tag', image);
  await admin.apply(yaml);
}

const imageOf = (tenant: Tenant) =>
  admin.kubectl(['get', 'deployment', 'web', '-n', tenant.namespace, '-o', 'jsonpath={.spec.template.spec.containers[0].image}']);

describe('A Deployment that is stuck on a bad image', { concurrency: false }, () => {
  let tenant: Tenant;
  let action: string;

  before(async () => {
    tenant = await makeTenant('story');
    await deployWeb(tenant, 'localhost/web:no-such-tag');
  });

  it('is rehearsed: the plan shows the one field that changes, and nothing has changed', async () => {
    action = await tenant.file('set-image', { deployment: 'web', container: 'web', image: tenant.image });
    const waiting = await tenant.until(action, ['AwaitingApproval']);
    const plan = await admin.get<{
      spec: {
        effects: { change: { path: string; before: string; after: string }[]; verb: string; resource: string }[];
        requester: string;
      };
    }>(['actionplan', waiting.status?.plan?.name ?? '', '-n', tenant.namespace]);
    assert.equal(plan.spec.effects.length, 1);
    assert.deepEqual(plan.spec.effects[0]?.change, [
      {
        path: '/spec/template/spec/containers/0/image',
        before: '"localhost/web:no-such-tag"',
        after: JSON.stringify(tenant.image),
      },
    ]);
    assert.equal(plan.spec.requester, `system:serviceaccount:${tenant.namespace}:repair-agent`);
    assert.equal(await imageOf(tenant), 'localhost/web:no-such-tag');
  });

  it('is not approved by somebody without the right', async () => {
    const { code, stderr } = await tenant.decide(tenant.viewer, action, 'approve');
    assert.equal(code, 1);
    assert.match(stderr, /User "vic" cannot patch resource "agentactions"/);
  });

  it('is not approved by who asked for it', async () => {
    const { code, stderr } = await tenant.decide(tenant.agent, action, 'approve');
    assert.equal(code, 1);
    assert.match(stderr, /is a program: only people can decide/);
  });

  it('is not approved for a plan that the approver did not see', async () => {
    const { code, stderr } = await tenant.decide(tenant.approver, action, 'approve', `sha256:${'0'.repeat(64)}`);
    assert.equal(code, 1);
    assert.match(stderr, /is not the current one .* look at it again/);
  });

  it('is repaired once approved: exactly the plan runs, the Deployment becomes ready, the record is whole', async () => {
    assert.equal((await tenant.decide(tenant.approver, action, 'approve')).code, 0);
    const done = await tenant.until(action, ['Succeeded']);
    assert.equal(await imageOf(tenant), tenant.image);
    assert.equal(
      await admin.kubectl(['get', 'deployment', 'web', '-n', tenant.namespace, '-o', 'jsonpath={.status.readyReplicas}']),
      '1',
    );
    const transitions = done.status?.outbox?.records.map(({ transition }) => transition);
    assert.deepEqual(transitions, [
      'Admitted',
      'RehearsalStarted',
      'Planned',
      'Decided',
      'RunStarted',
      'RunEnded',
      'VerificationStarted',
      'VerificationEnded',
      'Ended',
    ]);
    assert.equal(done.status?.outbox?.records.find(({ transition }) => transition === 'Decided')?.actor, 'ada');
  });

  it('has one Event for each record, and no finalizer any more', async () => {
    const records = (await tenant.action(action)).status?.outbox?.records ?? [];
    await eventually('the Events', async () => {
      const events = await admin.get<{ items: { reason: string; note?: string; message?: string }[] }>([
        'events',
        '-n',
        tenant.namespace,
        '--field-selector',
        `involvedObject.name=${action}`,
      ]);
      return (
        records.length === events.items.length &&
        records.every(({ transition }) => events.items.some(({ reason }) => reason === transition))
      );
    });
    await eventually('no finalizer', async () => ((await tenant.action(action)).metadata.finalizers ?? []).length === 0);
  });

  it('runs once: there is one real Job for the plan', async () => {
    const jobs = await admin.get<{
      items: { metadata: { annotations: Record<string, string>; labels: Record<string, string> } }[];
    }>(['jobs', '-n', 'sentinel-sandboxes']);
    const real = jobs.items.filter(
      ({ metadata }) =>
        metadata.annotations['sentinel.dev/action'] === `${tenant.namespace}/${action}` &&
        metadata.labels['sentinel.dev/stage'] === 'run',
    );
    assert.equal(real.length, 1);
  });
});

describe('A run that tries one write more than its rehearsal', { concurrency: false }, () => {
  it('is refused, blocked and explained, and what it had done is rolled back', async () => {
    const tenant = await makeTenant('story-blocked', { playbooks: more });
    await deployWeb(tenant, tenant.image);
    const action = await tenant.file('set-image-twice');
    const waiting = await tenant.until(action, ['AwaitingApproval']);
    assert.equal(waiting.status?.plan?.effects, 1);
    await admin.kubectl(['create', 'configmap', 'switch', '-n', tenant.namespace]);
    assert.equal((await tenant.decide(tenant.approver, action, 'approve')).code, 0);
    const blocked = await tenant.until(action, ['Blocked']);
    assert.match(
      messageOf(blocked),
      /patch deployments story-blocked-[0-9a-f]+\/web differs from the approved plan|was approved once and has been carried out already|is not in the approved plan/,
    );
    assert.deepEqual(
      blocked.status?.rollback?.map(({ outcome }) => outcome),
      ['Restored'],
    );
    const annotations = await admin.kubectl([
      'get',
      'deployment',
      'web',
      '-n',
      tenant.namespace,
      '-o',
      'jsonpath={.metadata.annotations}',
    ]);
    assert.doesNotMatch(annotations, /touched|more/);
  });
});

describe('A change whose verification fails', { concurrency: false }, () => {
  it('is rolled back from the pre-images', async () => {
    const tenant = await makeTenant('story-rollback', { playbooks: more });
    await deployWeb(tenant, tenant.image);
    const action = await tenant.file('set-broken-image');
    await tenant.until(action, ['AwaitingApproval']);
    assert.equal((await tenant.decide(tenant.approver, action, 'approve')).code, 0);
    const ended = await tenant.until(action, ['RolledBack', 'RollbackIncomplete', 'VerificationFailed', 'RunFailed']);
    assert.equal(stateOf(ended), 'RolledBack', messageOf(ended));
    assert.match(messageOf(ended), /verification failed: step 'ready' ended with exit code 1/);
    assert.equal(await imageOf(tenant), tenant.image);
  });
});

describe('A Playbook that only reads', { concurrency: false }, () => {
  it('ends with its rehearsal, with its report, in one Job, with nobody asked', async () => {
    const tenant = await makeTenant('story-reads');
    await deployWeb(tenant, tenant.image);
    const action = await tenant.file('health-check');
    const done = await tenant.until(action, ['NoEffect']);
    assert.match(done.status?.results?.[0]?.content ?? '', /# Deployments[\s\S]*web/);
    assert.deepEqual(
      stagesOf(done).map(({ stage }) => stage),
      ['rehearsal'],
    );
    assert.equal(done.status?.plan, undefined);
  });
});

describe('A dry-run', { concurrency: false }, () => {
  it('ends with its plan, and nobody is asked', async () => {
    const tenant = await makeTenant('story-dry-run');
    await deployWeb(tenant, 'localhost/web:no-such-tag');
    const action = await tenant.file(
      'set-image',
      { deployment: 'web', container: 'web', image: tenant.image },
      { mode: 'DryRun' },
    );
    const done = await tenant.until(action, ['DryRunCompleted']);
    assert.equal(done.status?.plan?.effects, 1);
    assert.equal(await imageOf(tenant), 'localhost/web:no-such-tag');
  });
});
