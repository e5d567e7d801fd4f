import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { authenticationConfiguration } from './authentication.ts';
import { FRONT_PROXY, programKubeconfig } from './certificates.ts';
import { layout, paths } from './machine/paths.ts';

/** A program of the cluster: what it is called, and how it is started in the cluster's network. */
export interface Daemon {
  readonly name: string;
  readonly args: readonly string[];
}

const file = (name: string) => join(paths.state, name);
const pki = (name: string) => join(paths.pki, name);

const containerdConfig = (pluginFolders: readonly string[]) => `version = 3
root = '${file('containerd')}'
state = '${file('containerd-run')}'
[grpc]
  address = '${paths.containerdSocket}'
[ttrpc]
  address = '${paths.containerdSocket}.ttrpc'
[plugins.'io.containerd.cri.v1.images']
  snapshotter = 'overlayfs'
[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = 'localhost/pause:dev'
[plugins.'io.containerd.cri.v1.runtime']
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
[plugins.'io.containerd.cri.v1.runtime'.cni]
  bin_dirs = [${pluginFolders.map((folder) => `'${folder}'`).join(', ')}]
  conf_dir = '${file('cni')}'
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
  runtime_type = 'io.containerd.runc.v2'
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
  BinaryName = '${join(paths.bin, 'runc')}'
  SystemdCgroup = false
`;

const podNetwork = {
  cniVersion: '1.0.0',
  name: 'pods',
  plugins: [
    {
      type: 'ptp',
      mtu: 1500,
      ipMasq: false,
      ipam: {
        type: 'host-local',
        dataDir: file('cni-addresses'),
        ranges: [[{ subnet: layout.podCidr }]],
        routes: [{ dst: '0.0.0.0/0' }],
      },
    },
    // Holds up each pod's start until its policies are in the kernel: there is no moment without them.
    { type: 'netpol', socket: paths.policySocket },
  ],
};

const kubelet = {
  apiVersion: 'kubelet.config.k8s.io/v1beta1',
  kind: 'KubeletConfiguration',
  address: '0.0.0.0',
  authentication: { anonymous: { enabled: false }, webhook: { enabled: true }, x509: { clientCAFile: paths.caCertificate } },
  authorization: { mode: 'Webhook' },
  tlsCertFile: pki('kubelet-server.crt'),
  tlsPrivateKeyFile: pki('kubelet-server.key'),
  containerRuntimeEndpoint: `unix://${paths.containerdSocket}`,
  cgroupDriver: 'cgroupfs',
  failCgroupV1: false,
  failSwapOn: false,
  enforceNodeAllocatable: [],
  oomScoreAdj: 0,
  resolvConf: file('resolv.conf'),
  clusterDomain: 'cluster.local',
  staticPodPath: '',
  maxPods: 200,
  registerNode: true,
  // How long a container's end can go unseen, should its event get lost.
  syncFrequency: '2s',
  nodeStatusUpdateFrequency: '5s',
  // A disk that is nearly full must not end the demo.
  evictionHard: { 'memory.available': '50Mi', 'nodefs.available': '1%', 'imagefs.available': '1%', 'nodefs.inodesFree': '1%' },
  imageGCHighThresholdPercent: 100,
  imageMinimumGCAge: '24h',
  serializeImagePulls: false,
  registryPullQPS: 0,
  eventRecordQPS: 0,
  kubeAPIQPS: 200,
  kubeAPIBurst: 400,
  podLogsDir: file('pod-logs'),
  volumePluginDir: file('volume-plugins'),
  featureGates: { EventedPLEG: true },
};

const kubeProxy = {
  apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
  kind: 'KubeProxyConfiguration',
  mode: 'nftables',
  clientConnection: { kubeconfig: programKubeconfig('kube-proxy') },
  clusterCIDR: layout.podCidr,
  hostnameOverride: layout.node,
  bindAddress: '0.0.0.0',
  healthzBindAddress: '127.0.0.1:10256',
  metricsBindAddress: '127.0.0.1:10249',
  oomScoreAdj: 0,
  // The limit of the whole machine can't be set from a network namespace.
  conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
  nftables: { minSyncPeriod: '100ms' },
};

const auditPolicy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [{ level: 'Metadata' }],
};

/** Writes the files that the programs read when they start. The CNI plugins are looked for in the folders given. */
export async function writeConfigurations(pluginFolders: readonly string[]): Promise<void> {
  await mkdir(file('cni'), { recursive: true });
  await writeFile(file('containerd.toml'), containerdConfig(pluginFolders));
  await writeFile(file('cni/10-pods.conflist'), JSON.stringify(podNetwork));
  await writeFile(file('kubelet.json'), JSON.stringify(kubelet));
  await writeFile(file('kube-proxy.json'), JSON.stringify(kubeProxy));
  await writeFile(file('audit-policy.json'), JSON.stringify(auditPolicy));
  await writeFile(paths.authentication, authenticationConfiguration([]));
  await writeFile(file('resolv.conf'), '');
}

/** What starts first: the store, the runtime, and the API server, which waits for the store by itself. */
export function firstDaemons(): Daemon[] {
  return [
    {
      name: 'etcd',
      args: [
        `--data-dir=${file('etcd')}`,
        '--unsafe-no-fsync',
        '--listen-client-urls=http://127.0.0.1:2379',
        '--advertise-client-urls=http://127.0.0.1:2379',
        '--listen-peer-urls=http://127.0.0.1:2380',
        '--log-level=warn',
      ],
    },
    { name: 'containerd', args: [`--config=${file('containerd.toml')}`, '--log-level=info'] },
    { name: 'kube-apiserver', args: apiServerArgs() },
  ];
}

/** What needs the API server. */
export function laterDaemons(): Daemon[] {
  const manager = programKubeconfig('kube-controller-manager');
  const scheduler = programKubeconfig('kube-scheduler');
  return [
    {
      name: 'kubelet',
      args: [
        `--config=${file('kubelet.json')}`,
        `--kubeconfig=${programKubeconfig('kubelet')}`,
        `--root-dir=${file('kubelet')}`,
        `--cert-dir=${file('kubelet-pki')}`,
        `--hostname-override=${layout.node}`,
        `--node-ip=${layout.apiAddress}`,
      ],
    },
    {
      name: 'kube-controller-manager',
      args: [
        `--kubeconfig=${manager}`,
        `--authentication-kubeconfig=${manager}`,
        `--authorization-kubeconfig=${manager}`,
        '--bind-address=127.0.0.1',
        '--leader-elect=false',
        '--use-service-account-credentials=true',
        `--root-ca-file=${paths.caCertificate}`,
        `--service-account-private-key-file=${pki('sa.key')}`,
        `--cluster-signing-cert-file=${paths.caCertificate}`,
        `--cluster-signing-key-file=${paths.caKey}`,
        '--kube-api-qps=200',
        '--kube-api-burst=400',
      ],
    },
    {
      name: 'kube-scheduler',
      args: [
        `--kubeconfig=${scheduler}`,
        `--authentication-kubeconfig=${scheduler}`,
        `--authorization-kubeconfig=${scheduler}`,
        '--bind-address=127.0.0.1',
        '--leader-elect=false',
      ],
    },
    { name: 'kube-proxy', args: [`--config=${file('kube-proxy.json')}`] },
    { name: 'netpol', args: [`--kubeconfig=${paths.kubeconfig}`, `--socket=${paths.policySocket}`] },
  ];
}

function apiServerArgs(): string[] {
  return [
    `--advertise-address=${layout.apiAddress}`,
    '--bind-address=0.0.0.0',
    '--secure-port=6443',
    '--etcd-servers=http://127.0.0.1:2379',
    `--client-ca-file=${paths.caCertificate}`,
    `--cert-dir=${file('apiserver')}`,
    `--tls-cert-file=${pki('apiserver.crt')}`,
    `--tls-private-key-file=${pki('apiserver.key')}`,
    `--kubelet-certificate-authority=${paths.caCertificate}`,
    `--kubelet-client-certificate=${pki('apiserver-kubelet.crt')}`,
    `--kubelet-client-key=${pki('apiserver-kubelet.key')}`,
    '--kubelet-preferred-address-types=InternalIP',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${pki('sa.key')}`,
    `--service-account-signing-key-file=${pki('sa.key')}`,
    `--service-cluster-ip-range=${layout.serviceCidr}`,
    `--authentication-config=${paths.authentication}`,
    '--authorization-mode=Node,RBAC',
    // How it authenticates to servers behind it, which serve aggregated APIs.
    `--requestheader-client-ca-file=${pki('front-proxy-ca.crt')}`,
    `--requestheader-allowed-names=${FRONT_PROXY}`,
    '--requestheader-username-headers=X-Remote-User',
    '--requestheader-group-headers=X-Remote-Group',
    '--requestheader-extra-headers-prefix=X-Remote-Extra-',
    `--proxy-client-cert-file=${pki(`${FRONT_PROXY}.crt`)}`,
    `--proxy-client-key-file=${pki(`${FRONT_PROXY}.key`)}`,
    '--enable-admission-plugins=NodeRestriction',
    '--allow-privileged=true',
    '--profiling=false',
    `--audit-policy-file=${file('audit-policy.json')}`,
    `--audit-log-path=${join(paths.logs, 'audit.log')}`,
    '--audit-log-mode=batch',
    '--audit-log-batch-max-wait=200ms',
  ];
}
