import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { at, change, type Node, ofJob, ofPod, render, stored } from './differences.fixture.ts';
import { parsePodSettings } from './pod-settings.ts';

// What others set in a Job or a pod of a sandbox on real clusters, field by field: accepted where it cannot change what runs, as whom,
// what it reaches or how it is set apart.

const STEP = ['initContainers', '1'];
const context = [...STEP, 'securityContext'];
const limits = [...STEP, 'resources', 'limits'];
const requests = [...STEP, 'resources', 'requests'];

interface Row {
  /** The path in the spec of a pod. */
  readonly path: readonly string[];
  readonly value: unknown;
}
const rows = (list: Readonly<Record<string, readonly [readonly string[], unknown]>>) =>
  Object.entries(list).map(([by, [path, value]]) => ({ by, path, value }));

/** Job and pod with a field of the pod's spec set: in the template, and on the pod. */
function withField({ path, value }: Row): { job: Node; pod: Node } {
  const { job, pod } = stored();
  change(job, ['spec', 'template', 'spec', ...path], value);
  change(pod, ['spec', ...path], value);
  return { job, pod };
}

const accepted = rows({
  'ServiceAccount admission: pull secrets': [['imagePullSecrets'], [{ name: 'registry' }]],
  'LimitRange: a limit of local storage': [[...limits, 'ephemeral-storage'], '1Gi'],
  'LimitRange: a request of local storage': [[...requests, 'ephemeral-storage'], '10Mi'],
  'Autopilot: a larger request': [requests, { cpu: '250m', memory: '512Mi', 'ephemeral-storage': '1Gi' }],
  'Autopilot: limits as large as requests': [limits, { cpu: '250m', memory: '512Mi', 'ephemeral-storage': '1Gi' }],
  'Autopilot: a limit that is raised to the minimum': [limits, { cpu: '1', memory: '2Gi' }],
  'VerticalPodAutoscaler: a smaller limit': [[...limits, 'memory'], '200Mi'],
  'GKE: its scheduler': [['schedulerName'], 'gke.io/optimize-utilization-scheduler'],
  'PodNodeSelector: a node selector': [['nodeSelector'], { pool: 'sandboxes' }],
  'DefaultTolerationSeconds: tolerations': [
    ['tolerations'],
    [{ key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 }],
  ],
  'Kyverno: affinity': [['affinity'], { nodeAffinity: {} }],
  'Kyverno: a spread of pods': [
    ['topologySpreadConstraints'],
    [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'ScheduleAnyway' }],
  ],
  'Kyverno: options of a resolver that is not asked': [['dnsConfig', 'options'], [{ name: 'ndots', value: '1' }]],
  'OpenShift: an SELinux level': [['securityContext', 'seLinuxOptions'], { level: 's0:c26,c5' }],
  'OpenShift: an SELinux level of a container': [[...context, 'seLinuxOptions'], { level: 's0:c26,c5', type: 'container_t' }],
  'OpenShift: not privileged': [[...context, 'privileged'], false],
  'OpenShift: further capabilities dropped': [
    [...context, 'capabilities', 'drop'],
    ['ALL', 'KILL', 'MKNOD'],
  ],
  'Autopilot: NET_RAW dropped': [
    [...context, 'capabilities', 'drop'],
    ['ALL', 'NET_RAW'],
  ],
  'a policy: the profile of seccomp once more': [[...context, 'seccompProfile'], { type: 'RuntimeDefault' }],
  'a policy: the profile of AppArmor': [['securityContext', 'appArmorProfile'], { type: 'RuntimeDefault' }],
  'a policy: not root once more': [[...context, 'runAsNonRoot'], true],
  AlwaysPullImages: [[...STEP, 'imagePullPolicy'], 'Always'],
  'a policy: the operating system': [['os'], { name: 'linux' }],
});

const acceptedOnPods = rows({
  'Priority: a priority': [['priority'], 2_000],
  'Fargate: a priority class': [['priorityClassName'], 'system-node-critical'],
  'Priority: whether it preempts': [['preemptionPolicy'], 'Never'],
  'RuntimeClass: overhead': [['overhead'], { cpu: '10m' }],
  'the scheduler: a node': [['nodeName'], 'n'],
});

const refused = rows({
  'a user': [['securityContext', 'runAsUser'], 0],
  'another user that is not root': [['securityContext', 'runAsUser'], 1_000_680_000],
  'the user of a container': [[...context, 'runAsUser'], 0],
  'a group': [['securityContext', 'runAsGroup'], 0],
  'a group of volumes': [['securityContext', 'fsGroup'], 0],
  'further groups': [['securityContext', 'supplementalGroups'], [0]],
  sysctls: [['securityContext', 'sysctls'], [{ name: 'net.ipv4.ip_forward', value: '1' }]],
  'no limit of memory': [limits, { cpu: '1' }],
  'a limit of memory without a bound': [[...limits, 'memory'], '1Ti'],
  'a limit of CPU without a bound': [[...limits, 'cpu'], '64'],
  'an invalid amount': [[...limits, 'memory'], 'evil'],
  'a limit of nothing': [[...limits, 'ephemeral-storage'], '0'],
  'a device': [[...limits, 'nvidia.com/gpu'], '1'],
  'claims of devices': [[...STEP, 'resources', 'claims'], [{ name: 'gpu' }]],
  'claims of devices of the pod': [['resourceClaims'], [{ name: 'gpu' }]],
  privileged: [[...context, 'privileged'], true],
  'a capability': [[...context, 'capabilities', 'add'], ['NET_ADMIN']],
  'fewer capabilities dropped': [[...context, 'capabilities', 'drop'], ['NET_RAW']],
  'gaining privileges': [[...context, 'allowPrivilegeEscalation'], true],
  'a root file system that can be written': [[...context, 'readOnlyRootFilesystem'], false],
  'no seccomp': [['securityContext', 'seccompProfile'], { type: 'Unconfined' }],
  'no seccomp of a container': [[...context, 'seccompProfile'], { type: 'Unconfined' }],
  'no AppArmor': [[...context, 'appArmorProfile'], { type: 'Unconfined' }],
  'the whole /proc': [[...context, 'procMount'], 'Unmasked'],
  'an SELinux type that is not confined': [['securityContext', 'seLinuxOptions'], { level: 's0:c1,c2', type: 'spc_t' }],
  'an SELinux level of all': [['securityContext', 'seLinuxOptions'], { level: 's0-s0:c0.c1023' }],
  'an SELinux level that others have': [['securityContext', 'seLinuxOptions'], { level: 's0' }],
  'an SELinux user': [['securityContext', 'seLinuxOptions'], { level: 's0:c1,c2', user: 'system_u' }],
  'another runtime': [['runtimeClassName'], 'other'],
  'the network of the node': [['hostNetwork'], true],
  'the processes of the node': [['hostPID'], true],
  'the user namespace of the node': [['hostUsers'], true],
  'a volume of the node': [['volumes'], [{ name: 'tmp', hostPath: { path: '/' } }]],
  'another resolver': [['dnsConfig', 'nameservers'], ['10.96.0.10']],
  'a policy for names': [['dnsPolicy'], 'ClusterFirst'],
  'another gateway': [['hostAliases'], [{ ip: '6.6.6.6', hostnames: ['sentinel-gateway'] }]],
  'a variable': [[...STEP, 'env'], [{ name: 'AWS_ROLE_ARN', value: 'x' }]],
  'variables of a Secret': [[...STEP, 'envFrom'], [{ secretRef: { name: 'x' } }]],
  'another image': [[...STEP, 'image'], 'mirror/tools'],
  'other arguments': [[...STEP, 'args'], ['x']],
  'a container that stays': [[...STEP, 'restartPolicy'], 'Always'],
  'a hook': [[...STEP, 'lifecycle'], { preStop: { exec: { command: ['x'] } } }],
  'a pull secret with more': [['imagePullSecrets'], [{ name: 'registry', key: 'x' }]],
  'a token of the API server': [['automountServiceAccountToken'], true],
  'another account': [['serviceAccountName'], 'default'],
  'shared processes': [['shareProcessNamespace'], true],
  'more time to end': [['terminationGracePeriodSeconds'], 3600],
  'a node that no scheduler chose': [['nodeSelector'], 'n'],
});

const atFault = (path: readonly string[]) => {
  const [list, index, ...rest] = path;
  return list === 'initContainers' ? `spec.initContainers[${index}].${rest.join('.')}` : `spec.${path.join('.')}`;
};

describe('What others set in a sandbox is accepted on the Job and on its pod', () => {
  for (const { by, ...row } of accepted)
    it(by, () => {
      const { job, pod } = withField(row);
      assert.deepEqual([ofJob(job), ofPod(pod)], [[], []]);
    });
  for (const { by, ...row } of acceptedOnPods)
    it(`${by}, on a pod only`, () => {
      const { job, pod } = withField(row);
      assert.equal(ofJob(job).length, 1);
      assert.deepEqual(ofPod(pod), []);
    });
});

describe('What others set in a sandbox is refused on the Job and on its pod, and the field is named', () => {
  for (const { by, ...row } of refused)
    it(by, () => {
      const { job, pod } = withField(row);
      const [ofTemplate, found] = [ofJob(job), ofPod(pod)];
      assert.ok(ofTemplate.length > 0 && found.length > 0, `${ofTemplate.length} ${found.length}`);
      const named = found.join('\n');
      assert.ok(named.includes(atFault(row.path)), `${named} does not name ${atFault(row.path)}`);
    });
});

describe('Labels and annotations of others', () => {
  const free = {
    'openshift.io/scc': 'nonroot-v2',
    'security.openshift.io/validated-scc-subject-type': 'user',
    'seccomp.security.alpha.kubernetes.io/pod': 'runtime/default',
    'container.apparmor.security.beta.kubernetes.io/gate': 'runtime/default',
    'autopilot.gke.io/resource-adjustment': '{}',
    'policies.kyverno.io/last-applied-patches': 'x',
    'kubernetes.io/limit-ranger': 'LimitRanger plugin set: …',
    'sidecar.istio.io/inject': 'false',
    vpaUpdates: 'x',
  };
  const writtenOnPods = {
    'cni.projectcalico.org/podIP': '10.0.0.1/32',
    'k8s.v1.cni.cncf.io/network-status': '[]',
    'k8s.ovn.org/pod-networks': '{}',
    'ovn.kubernetes.io/allocated': 'true',
  };
  const obeyed = {
    'k8s.v1.cni.cncf.io/networks': 'mgmt',
    'v1.multus-cni.io/default-network': 'mgmt',
    'networking.gke.io/interfaces': '[]',
    'cni.projectcalico.org/ipv4pools': '["mgmt"]',
    'k8s.ovn.org/routing-namespaces': 'shop',
    'container.apparmor.security.beta.kubernetes.io/step-one': 'unconfined',
    'seccomp.security.alpha.kubernetes.io/pod': 'unconfined',
    'io.kubernetes.cri-o.Devices': '/dev/fuse',
    'io.kubernetes.cri.untrusted-workload': 'true',
    'io.katacontainers.config.hypervisor.path': '/x',
    'dev.gvisor.spec.mount.x.source': '/',
    'cdi.k8s.io/x': 'vendor.com/device=x',
    'devices.nri.containerd.io/container.step-one': '[]',
    'sentinel.dev/approvals': 'x',
  };
  const differ = (field: string, key: string, value: string) => {
    const { job, pod } = stored();
    change(job, ['spec', 'template', 'metadata', field, key], value);
    change(pod, ['metadata', field, key], value);
    return [ofJob(job).length, ofPod(pod).length];
  };
  for (const [key, value] of Object.entries(free))
    it(`${key} is accepted`, () => {
      assert.deepEqual(differ('annotations', key, value), [0, 0]);
      assert.deepEqual(differ('labels', key, value), [0, 0]);
    });
  for (const [key, value] of Object.entries(writtenOnPods))
    it(`${key} is accepted on a pod, where a network plugin writes it, and in no template`, () =>
      assert.deepEqual(differ('annotations', key, value), [1, 0]));
  for (const [key, value] of Object.entries(obeyed))
    it(`${key}: ${value} is refused`, () => assert.deepEqual(differ('annotations', key, value), [1, 1]));
  it('cannot take the place of those that were rendered', () => {
    assert.deepEqual(differ('labels', 'sentinel.dev/stage', 'rehearsal'), [1, 1]);
    assert.deepEqual(differ('annotations', 'cluster-autoscaler.kubernetes.io/safe-to-evict', 'true'), [1, 1]);
    assert.deepEqual(differ('labels', 'sentinel.dev/other', 'x'), [1, 1]);
  });
});

describe('A refusal', () => {
  it('names the field, its value and who set it', () => {
    const { pod } = stored();
    change(pod, ['spec', 'hostPID'], true);
    const fieldsV1 = {
      'f:spec': { 'f:hostPID': {}, 'f:initContainers': { 'k:{"name":"step-one"}': { '.': {}, 'f:image': {} } } },
    };
    change(
      pod,
      ['metadata', 'managedFields'],
      [
        { manager: 'kube-controller-manager', time: '2026-01-01T00:00:00Z', fieldsV1: { 'f:spec': { 'f:restartPolicy': {} } } },
        { manager: 'somebody', time: '2026-01-01T00:00:01Z', fieldsV1 },
      ],
    );
    assert.deepEqual(ofPod(pod), ["spec.hostPID was added (found true, set by 'somebody')"]);
    change(pod, ['spec', 'hostPID'], undefined);
    change(pod, ['spec', 'initContainers', '1', 'image'], 'mirror/tools');
    assert.deepEqual(ofPod(pod), [
      `spec.initContainers[1].image is not what was rendered (found "mirror/tools", set by 'somebody')`,
    ]);
  });
  it('names the containers and variables that were added', () => {
    const { pod } = stored();
    (at(pod, ['spec', 'containers']) as unknown as unknown[]).push({ name: 'istio-proxy', image: 'x' });
    assert.deepEqual(ofPod(pod), ["spec.containers is not what was rendered (found also 'istio-proxy')"]);
  });
  it('cannot be used to reach a terminal', () => {
    const { pod } = stored();
    change(pod, ['spec', 'hostname'], 'a\u001b[2J\u202e');
    assert.match(ofPod(pod).join(), /^[ -~]+$/);
  });
});

describe('Settings of the chart for the pods of sandboxes', () => {
  const pods = parsePodSettings(
    JSON.stringify({
      imagePullSecrets: [{ name: 'registry' }],
      nodeSelector: { pool: 'sandboxes' },
      tolerations: [{ key: 'sandboxes', operator: 'Exists' }],
      schedulerName: 'my-scheduler',
      priorityClassName: 'low',
      ephemeralStorage: '1Gi',
    }),
  );
  const with_ = render({ pods });

  it('are rendered, and taken with what others add to them', () => {
    const { job, pod } = stored(with_);
    change(job, ['spec', 'template', 'spec', 'schedulerName'], 'my-scheduler');
    change(pod, ['spec', 'schedulerName'], 'my-scheduler');
    change(pod, ['spec', 'nodeSelector', 'zone'], 'a');
    assert.deepEqual([ofJob(job, with_), ofPod(pod, with_)], [[], []]);
    assert.partialDeepStrictEqual(with_.spec.template.spec, {
      imagePullSecrets: [{ name: 'registry' }],
      priorityClassName: 'low',
      containers: [{ resources: { limits: { 'ephemeral-storage': '1Gi' }, requests: { 'ephemeral-storage': '1Gi' } } }],
    });
  });
  for (const [path, value] of [
    [['schedulerName'], 'other'],
    [['nodeSelector', 'pool'], 'other'],
    [['tolerations'], []],
    [['imagePullSecrets'], [{ name: 'other' }]],
  ] as const)
    it(`must stay: ${path.join('.')}`, () => {
      const { job } = stored(with_);
      change(job, ['spec', 'template', 'spec', 'schedulerName'], 'my-scheduler');
      change(job, ['spec', 'template', 'spec', ...path], value);
      assert.equal(ofJob(job, with_).length, 1);
    });
  it('change nothing of a Job if nothing is set', () =>
    assert.deepEqual(render({ pods: parsePodSettings(undefined) }), render()));
  for (const text of ['{"nodeSelector":{"a b":"x"}}', '{"hostNetwork":true}', '{"ephemeralStorage":"lots"}', 'x'])
    it(`are refused when they are not settings: ${text}`, () =>
      assert.throws(() => parsePodSettings(text), /settings of sandboxes: /));
});
