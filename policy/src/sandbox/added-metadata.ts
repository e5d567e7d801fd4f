import type { JobIdentity } from './field-checks.ts';

/** Where labels and annotations stand: on the Job, in its template, or on its pod. */
export type MetadataOf = 'Job' | 'template' | 'pod';

/** Labels and annotations that Sentinel reads. */
const OWN = /^([a-z0-9-]+\.)*sentinel\.dev\//;

/** The labels by which the Job controller finds its pods (pkg/registry/batch/job/strategy.go, `generateSelector`). */
const selectors: Readonly<Record<string, keyof JobIdentity>> = {
  'batch.kubernetes.io/controller-uid': 'uid',
  'batch.kubernetes.io/job-name': 'name',
  'controller-uid': 'uid',
  'job-name': 'name',
};

interface Obeyed {
  /** The annotation, or what it begins with. */
  readonly key: RegExp;
  /** A value that says what is so already. */
  readonly except?: string;
}

/**
 * Annotations that are not only read by people: a network plugin attaches another network or address by them, a runtime another
 * profile, device, mount or virtual machine. Each is documented by its project.
 */
const obeyed: readonly Obeyed[] = [
  // Multus and the Network Plumbing Working Group's specification: further or other networks.
  { key: /^k8s\.v1\.cni\.cncf\.io\/networks$/ },
  { key: /^v1\.multus-cni\.io\/default-network$/ },
  // GKE: further network interfaces.
  { key: /^networking\.gke\.io\/(interfaces|default-interface)$/ },
  // Calico: other addresses, other pools, and sources that may be forged.
  { key: /^cni\.projectcalico\.org\/(ipAddrs|ipAddrsNoIpam|ipv4pools|ipv6pools|floatingIPs|hwAddr|allowedSourcePrefixes)$/ },
  // OVN-Kubernetes: the pod routes for other namespaces.
  { key: /^k8s\.ovn\.org\/routing-/ },
  // AppArmor and seccomp as annotations, from before they were fields (api/core/v1 `annotation_key_constants.go`).
  { key: /^container\.apparmor\.security\.beta\.kubernetes\.io\//, except: 'runtime/default' },
  { key: /^seccomp\.security\.alpha\.kubernetes\.io\/pod$/, except: 'runtime/default' },
  { key: /^container\.seccomp\.security\.alpha\.kubernetes\.io\//, except: 'runtime/default' },
  // CRI-O (devices, user namespaces, seccomp), containerd (another runtime), Kata Containers, gVisor: settings of the runtime.
  { key: /^io\.kubernetes\.cri(-o)?\./ },
  { key: /^io\.katacontainers\./ },
  { key: /^dev\.gvisor\./ },
  // Container Device Interface and the sample plugins of the Node Resource Interface: devices, mounts, hooks.
  { key: /^cdi\.k8s\.io\// },
  { key: /(^|\.)nri(\.containerd)?\.io\// },
];

/** What network plugins write on a pod when they have set it up. Nobody writes that into a template. */
const written = /(^|\.)(cni\.cncf\.io|multus-cni\.io|projectcalico\.org|ovn\.org|ovn\.kubernetes\.io|cilium\.io)\//;

/**
 * Whether somebody else may add a label. Controllers, policies and tools label what they like; nothing of Sentinel reads any but its
 * own.
 */
export const mayAddLabel = (key: string, value: string, job: JobIdentity): boolean => {
  const part = selectors[key];
  if (part !== undefined) return job[part] === '' || value === job[part];
  return !OWN.test(key);
};

/** Whether somebody else may add an annotation: not one of Sentinel's, and none by which a runtime or network plugin acts. */
export const mayAddAnnotation = (key: string, value: string, of: MetadataOf): boolean =>
  !OWN.test(key) &&
  (of === 'Job' ||
    (!obeyed.some((one) => one.key.test(key) && value !== one.except) && !(of === 'template' && written.test(key))));
