import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { type FakeNodes, fakeNodeToleration, layout, startKwok } from '@sentinel/cluster';
import { admin, eventually, HANG_SECONDS } from '../lib/cluster.ts';
import { loadedImages } from '../lib/images.ts';

// Nodes that tests may drain, taint and delete: kwok plays them, and the node that everything runs on is not touched.

const namespace = `fake-node-${randomBytes(3).toString('hex')}`;

interface Pod {
  readonly metadata: { readonly name: string; readonly uid: string; readonly deletionTimestamp?: string };
  readonly spec: { readonly nodeName?: string };
  readonly status: {
    readonly phase: string;
    readonly podIP?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason?: string }[];
    readonly containerStatuses?: readonly { readonly containerID?: string; readonly restartCount: number }[];
  };
}
interface Node {
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly spec: { readonly unschedulable?: boolean; readonly taints?: readonly object[] };
}

const deployment = (name: string, replicas: number, spec: object) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [
          {
            name: 'web',
            image: loadedImages().tools,
            command: ['sleep', '86400'],
            resources: { requests: { cpu: '1m', memory: '8Mi' } },
          },
        ],
        ...spec,
      },
    },
  },
});

const podsOf = async (app: string): Promise<Pod[]> =>
  (await admin.get<{ items: Pod[] }>(['pods', '-n', namespace, '-l', `app=${app}`])).items.filter(
    ({ metadata }) => metadata.deletionTimestamp === undefined,
  );

/** Waits until that many pods of a Deployment run, all of them on one of these nodes. */
const running = (app: string, replicas: number, nodes: readonly string[]): Promise<Pod[]> =>
  eventually(`${replicas} pods of ${app} on ${nodes.join(', ')}`, async () => {
    const pods = await podsOf(app);
    const there = pods.filter(({ spec, status }) => status.phase === 'Running' && nodes.includes(spec.nodeName ?? ''));
    if (there.length === replicas && pods.length === replicas) return pods;
    throw new Error(JSON.stringify(pods.map(({ spec, status }) => [spec.nodeName, status.phase])));
  });

const identity = ({ metadata, spec, status }: Pod) => ({
  uid: metadata.uid,
  node: spec.nodeName,
  phase: status.phase,
  containers: status.containerStatuses?.map(({ containerID, restartCount }) => [containerID, restartCount]),
});

const realNode = async () => {
  const { metadata, spec } = await admin.get<Node>(['node', layout.node]);
  return { labels: metadata.labels, taints: spec.taints, unschedulable: spec.unschedulable };
};

describe('Fake nodes', { concurrency: false }, () => {
  let fake: FakeNodes;
  let realBefore: Awaited<ReturnType<typeof realNode>>;
  let realPods: Pod[];

  before(async () => {
    realBefore = await realNode();
    fake = await startKwok({ count: 2 });
    await admin.kubectl(['create', 'namespace', namespace]);
    // What tolerates nothing: the scheduler has to place it while the fake nodes are there, with far more room than the real one.
    await admin.apply(JSON.stringify(deployment('real', 2, {})));
    realPods = await running('real', 2, [layout.node]);
  });
  after(async () => {
    await fake?.stop();
    await admin.tryKubectl(['delete', 'namespace', namespace, '--wait=false', '--ignore-not-found']);
  });

  const tolerating = (name: string, replicas: number) =>
    deployment(name, replicas, { tolerations: [fakeNodeToleration], nodeSelector: fake.selector });

  it('take no pod that does not tolerate their taint, even one that asks for them', async () => {
    const asking = deployment('asking', 1, { nodeSelector: fake.selector });
    await admin.apply(JSON.stringify(asking));
    const refused = await eventually('the refusal of the scheduler', async () => {
      const [pod] = await podsOf('asking');
      return pod?.status.conditions?.find(({ type, reason }) => type === 'PodScheduled' && reason === 'Unschedulable');
    });
    assert.equal(refused.status, 'False');
    await admin.kubectl(['delete', 'deployment', 'asking', '-n', namespace]);
  });

  it('run pods that tolerate it, with addresses that no real pod has', async () => {
    await admin.apply(JSON.stringify(tolerating('fake', 4)));
    const pods = await running('fake', 4, fake.nodes);
    assert.equal(new Set(pods.map(({ status }) => status.podIP)).size, 4);
    for (const { status } of pods) assert.match(status.podIP ?? '', /^198\.1[89]\./);
    await admin.kubectl(['rollout', 'status', 'deployment/fake', '-n', namespace, `--timeout=${HANG_SECONDS}s`]);
  });

  it('can be drained: their pods move, and the pods of the real node are untouched', async () => {
    const [first = '', second = ''] = fake.nodes;
    await admin.kubectl(['drain', first, '--ignore-daemonsets', '--delete-emptydir-data', `--timeout=${HANG_SECONDS}s`]);
    await running('fake', 4, [second]);
    const drained = await admin.get<Node>(['node', first]);
    assert.equal(drained.spec.unschedulable, true);

    assert.deepEqual((await podsOf('real')).map(identity), realPods.map(identity));
    assert.deepEqual(await realNode(), realBefore);

    await admin.kubectl(['uncordon', first]);
  });

  it('evict by taints as a real node does', async () => {
    const [first = '', second = ''] = fake.nodes;
    await admin.kubectl(['taint', 'node', second, 'e2e.sentinel.dev/out=yes:NoExecute']);
    await running('fake', 4, [first]);
    assert.deepEqual((await podsOf('real')).map(identity), realPods.map(identity));
    assert.deepEqual(await realNode(), realBefore);
  });

  it('leave nothing when they are stopped', async () => {
    await admin.kubectl(['delete', 'deployment', 'fake', '-n', namespace]);
    await fake.stop();
    const names = (await admin.kubectl(['get', 'nodes', '-o', 'name'])).split('\n');
    assert.ok(!names.some((name) => fake.nodes.includes(name.replace('node/', ''))));
    await eventually('the end of their pods', async () => (await podsOf('fake')).length === 0);
    const leases = await admin.kubectl(['get', 'leases', '-n', 'kube-node-lease', '-o', 'name']);
    assert.ok(!fake.nodes.some((name) => leases.includes(name)));
    assert.deepEqual((await podsOf('real')).map(identity), realPods.map(identity));
    // A second time is no error.
    await fake.stop();
  });
});
