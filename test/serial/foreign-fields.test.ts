import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { admin, eventually, policyForAnyPlaybook } from '../lib/cluster.ts';
import { startPolicy } from '../lib/hostile/mutating-policy.ts';
import { imageOnly } from '../lib/image-only.ts';
import { annotateWeb } from '../lib/one-step.ts';
import { type ActionView, makeTenant, messageOf, stateOf, type Tenant } from '../lib/tenant.ts';

// On real clusters others add to Jobs and pods: LimitRanges, ServiceAccounts with pull secrets, OpenShift, Autopilot, policies. What
// cannot change what was admitted does not stop a run; anything else does, and the status says which field it was.

const SANDBOXES = 'sentinel-sandboxes';
const SCHEDULER = 'scheduler-of-somebody';
const over = ['Succeeded', 'RunFailed', 'RehearsalFailed', 'Blocked', 'Denied', 'RolledBack', 'NoEffect'];
const policy = policyForAnyPlaybook();

async function makeWorld(name: string): Promise<Tenant> {
  const tenant = await makeTenant(name, { policy, playbooks: annotateWeb('touch') });
  const { spec, ...rest } = imageOnly('web', tenant.namespace);
  await admin.apply(JSON.stringify({ ...rest, spec: { ...spec, replicas: 1, paused: true } }));
  return tenant;
}

interface Pod {
  readonly metadata: {
    readonly name: string;
    readonly annotations?: Record<string, string>;
    readonly labels?: Record<string, string>;
  };
  readonly spec: {
    readonly nodeName?: string;
    readonly schedulerName: string;
    readonly imagePullSecrets?: readonly { name: string }[];
    readonly nodeSelector?: Record<string, string>;
    readonly securityContext: { readonly seLinuxOptions?: object };
    readonly initContainers: readonly { resources: { limits: Record<string, string> } }[];
  };
}

const podsOf = async ({ namespace }: Tenant): Promise<Pod[]> => {
  const { items } = await admin.get<{ items: Pod[] }>(['pods', '-n', SANDBOXES]);
  return items.filter(({ metadata }) => metadata.annotations?.['sentinel.dev/namespace'] === namespace);
};

/** Binds the pods of a tenant to the node, as a scheduler of somebody does, until it is stopped. */
function startScheduler(tenant: Tenant, node: string): { stop: () => Promise<Pod[]> } {
  let isOn = true;
  const seen = new Map<string, Pod>();
  const work = (async () => {
    while (isOn) {
      for (const pod of await podsOf(tenant)) {
        const { name } = pod.metadata;
        seen.set(name, pod);
        if (pod.spec.nodeName !== undefined || pod.spec.schedulerName !== SCHEDULER) continue;
        const target = { apiVersion: 'v1', kind: 'Node', name: node };
        const input = JSON.stringify({ apiVersion: 'v1', kind: 'Binding', metadata: { name, namespace: SANDBOXES }, target });
        await admin.tryKubectl(['create', '--raw', `/api/v1/namespaces/${SANDBOXES}/pods/${name}/binding`, '-f', '-'], { input });
      }
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  })();
  return {
    async stop() {
      isOn = false;
      await work;
      return [...seen.values()];
    },
  };
}

/** Has a policy of somebody act on the sandboxes of a tenant. */
async function startOn(tenant: Tenant, kind: 'pods' | 'jobs', patch: string): Promise<() => Promise<unknown>> {
  const isOurs = "has(object.metadata.annotations) && 'sentinel.dev/namespace' in object.metadata.annotations";
  const annotations = { 'sentinel.dev/namespace': tenant.namespace };
  const container = { name: 'one', image: tenant.image, env: [{ name: 'A', value: '1' }] };
  const spec = { initContainers: [container, { ...container, name: 'two' }], containers: [{ ...container, name: 'three' }] };
  const probe = {
    pods: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'probe', namespace: tenant.namespace, annotations },
      spec: { ...spec, securityContext: {} },
    },
    jobs: {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'probe', namespace: tenant.namespace, annotations },
      spec: {
        template: {
          metadata: { labels: { a: 'b' }, annotations },
          spec: { ...spec, securityContext: {}, restartPolicy: 'Never' },
        },
      },
    },
  }[kind];
  const create = ['create', '-f', '-', '--dry-run=server', '-o', 'json'];
  return await startPolicy(
    {
      name: `${tenant.namespace}-${kind}`,
      namespaces: [tenant.namespace, SANDBOXES],
      rule: { group: kind === 'pods' ? '' : 'batch', resource: kind, operations: ['CREATE'] },
      when: `${isOurs} && object.metadata.annotations['sentinel.dev/namespace'] == '${tenant.namespace}'`,
      patch,
    },
    async () => /somebody/i.test(await admin.kubectl(create, { input: JSON.stringify(probe) })),
  );
}

async function run(tenant: Tenant): Promise<ActionView> {
  const action = await tenant.file('touch', { key: 'as-approved' });
  const rehearsed = await tenant.until(action, ['AwaitingApproval', ...over]);
  if (stateOf(rehearsed) !== 'AwaitingApproval') return rehearsed;
  const { code, stderr } = await tenant.decide(tenant.approver, action, 'approve');
  assert.equal(code, 0, stderr);
  return await tenant.until(action, over);
}

describe('What others add to sandboxes on a real cluster', { concurrency: false }, () => {
  const made = ['limitrange/somebody', 'secret/somebody'];
  before(async () => {
    await admin.apply(
      [
        {
          apiVersion: 'v1',
          kind: 'LimitRange',
          metadata: { name: 'somebody', namespace: SANDBOXES },
          spec: {
            limits: [
              { type: 'Container', default: { 'ephemeral-storage': '256Mi' }, defaultRequest: { 'ephemeral-storage': '1Mi' } },
            ],
          },
        },
        {
          apiVersion: 'v1',
          kind: 'Secret',
          type: 'kubernetes.io/dockerconfigjson',
          metadata: { name: 'somebody', namespace: SANDBOXES },
          stringData: { '.dockerconfigjson': '{"auths":{}}' },
        },
      ]
        .map((object) => JSON.stringify(object))
        .join('\n---\n'),
    );
    const patch = JSON.stringify({ imagePullSecrets: [{ name: 'somebody' }] });
    await admin.kubectl(['patch', 'serviceaccount', 'sandbox', '-n', SANDBOXES, '--type=merge', '-p', patch]);
  });
  after(async () => {
    await admin.tryKubectl(['delete', '-n', SANDBOXES, ...made, '--ignore-not-found']);
    const patch = JSON.stringify({ imagePullSecrets: null });
    await admin.tryKubectl(['patch', 'serviceaccount', 'sandbox', '-n', SANDBOXES, '--type=merge', '-p', patch]);
  });

  it('does not stop a run: local storage, pull secrets, scheduler, SELinux level, nodes, labels, annotations', {
    timeout: 240_000,
  }, async (context) => {
    const tenant = await makeWorld('foreign-harmless');
    const node = (await admin.kubectl(['get', 'nodes', '-o', 'jsonpath={.items[0].metadata.name}'])).trim();
    const scheduler = startScheduler(tenant, node);
    const stops = await Promise.all([
      startOn(
        tenant,
        'pods',
        `[JSONPatch{op: "add", path: "/spec/schedulerName", value: "${SCHEDULER}"},
          JSONPatch{op: "add", path: "/spec/securityContext/seLinuxOptions", value: Object.spec.securityContext.seLinuxOptions{level: "s0:c26,c5"}},
          JSONPatch{op: "add", path: "/metadata/annotations/openshift.io~1scc", value: "nonroot-v2"}]`,
      ),
      startOn(
        tenant,
        'jobs',
        `[JSONPatch{op: "add", path: "/spec/template/metadata/labels/team", value: "somebody"},
          JSONPatch{op: "add", path: "/spec/template/spec/nodeSelector", value: {"kubernetes.io/os": "linux"}}]`,
      ),
    ]);
    let pods: Pod[] = [];
    try {
      const done = await run(tenant);
      context.diagnostic(`${stateOf(done)}: ${messageOf(done)}`);
      assert.equal(stateOf(done), 'Succeeded', messageOf(done));
    } finally {
      for (const stop of stops) await stop();
      pods = await scheduler.stop();
    }
    assert.ok(pods.length >= 2, `${pods.length} pods`);
    for (const { metadata, spec } of pods) {
      assert.deepEqual(
        {
          scheduler: spec.schedulerName,
          level: spec.securityContext.seLinuxOptions,
          scc: metadata.annotations?.['openshift.io/scc'],
          team: metadata.labels?.team,
          nodes: spec.nodeSelector,
          pulls: spec.imagePullSecrets,
          storage: spec.initContainers.map(({ resources }) => resources.limits['ephemeral-storage']),
        },
        {
          scheduler: SCHEDULER,
          level: { level: 's0:c26,c5' },
          scc: 'nonroot-v2',
          team: 'somebody',
          nodes: { 'kubernetes.io/os': 'linux' },
          pulls: [{ name: 'somebody' }],
          storage: spec.initContainers.map(() => '256Mi'),
        },
      );
    }
  });

  const harmful = {
    'a variable': {
      patch: `[JSONPatch{op: "add", path: "/spec/initContainers/1/env/-", value: Object.spec.initContainers.env{name: "SOMEBODY", value: "hunter2"}}]`,
      says: /\(PodAltered\): .*spec\.initContainers\[1\]\.env is not what was rendered \(found also 'SOMEBODY'/,
    },
    'another network': {
      patch: `[JSONPatch{op: "add", path: "/metadata/annotations/k8s.v1.cni.cncf.io~1networks", value: "somebody"}]`,
      says: /\(PodAltered\): .*metadata\.annotations\.k8s\.v1\.cni\.cncf\.io\/networks was added/,
    },
  };
  for (const [name, { patch, says }] of Object.entries(harmful))
    it(`stops a run when it could change what was admitted: ${name}`, { timeout: 180_000 }, async (context) => {
      const tenant = await makeWorld('foreign-harmful');
      const stop = await startOn(tenant, 'pods', patch);
      try {
        const done = await run(tenant);
        context.diagnostic(`${stateOf(done)}: ${messageOf(done)}`);
        assert.equal(stateOf(done), 'RehearsalFailed', messageOf(done));
        assert.match(messageOf(done), says);
        assert.match(messageOf(done), /Exempt the namespace 'sentinel-sandboxes'/);
        assert.doesNotMatch(messageOf(done), /hunter2/);
      } finally {
        await stop();
      }
    });

  it('leaves its Secrets and bindings to those who may: other Secrets and schedulers without the right are refused', async () => {
    const opaque = JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'opaque', namespace: SANDBOXES } });
    const { code, stderr } = await admin.tryKubectl(['create', '--dry-run=server', '-f', '-'], { input: opaque });
    assert.equal(code, 1);
    assert.match(stderr, /belongs to Sentinel's operator alone/);
    await eventually(
      'a Secret for pulls',
      async () => (await admin.kubectl(['get', '-n', SANDBOXES, 'secret', 'somebody'])) !== '',
    );
  });
});
