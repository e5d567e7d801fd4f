/** The taint of every fake node: a pod comes there only if it tolerates it. It is the one that the documentation of kwok uses. */
export const fakeNodeTaint = { key: 'kwok.x-k8s.io/node', value: 'fake', effect: 'NoSchedule' } as const;

/** What a pod must have to be scheduled on a fake node. */
export const fakeNodeToleration = { key: fakeNodeTaint.key, operator: 'Equal', value: fakeNodeTaint.value } as const;

/** The label of every fake node; its value is the id of the kwok that plays it. */
export const fakeNodeLabel = 'cluster.sentinel.dev/kwok';

/** One start of kwok. */
export interface KwokRun {
  /** Tells apart what runs side by side: a DNS label. */
  readonly id: string;
  readonly nodes: readonly string[];
}

/** The person in whose name kwok talks to the API server. */
export const kwokUser = ({ id }: KwokRun): string => `kwok:${id}`;

/** The command line of kwok. It plays the nodes with the label of its run, and the pods on them, and no others. */
export function kwokArgs({ id }: KwokRun, files: { readonly kubeconfig: string; readonly stages: string }): string[] {
  return [
    `--kubeconfig=${files.kubeconfig}`,
    `--config=${files.stages}`,
    `--manage-nodes-with-label-selector=${fakeNodeLabel}=${id}`,
    '--node-lease-duration-seconds=40',
  ];
}

/** What kwok needs before it starts: its nodes, and the right to play them. */
export function kwokObjects(run: KwokRun): object[] {
  const name = `kwok-${run.id}`;
  const group = 'rbac.authorization.k8s.io';
  return [
    { apiVersion: `${group}/v1`, kind: 'ClusterRole', metadata: { name }, rules: rules(run) },
    {
      apiVersion: `${group}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name },
      roleRef: { apiGroup: group, kind: 'ClusterRole', name },
      subjects: [{ apiGroup: group, kind: 'User', name: kwokUser(run) }],
    },
    ...run.nodes.map((node, index) => fakeNode(node, run.id, podCidr(run.id, index))),
  ];
}

/**
 * RBAC keeps kwok from the status and the lease of any other node. Pods it cannot restrict by their node: there, the selector of the
 * command line does.
 */
function rules({ nodes }: KwokRun): object[] {
  const read = ['get', 'list', 'watch'];
  return [
    { apiGroups: [''], resources: ['nodes'], verbs: read },
    { apiGroups: [''], resources: ['nodes/status'], resourceNames: nodes, verbs: ['patch', 'update'] },
    { apiGroups: [''], resources: ['pods'], verbs: [...read, 'patch', 'update', 'delete'] },
    { apiGroups: [''], resources: ['pods/status'], verbs: ['patch', 'update'] },
    { apiGroups: ['', 'events.k8s.io'], resources: ['events'], verbs: ['create', 'patch', 'update'] },
    // The API server knows no name yet when a lease is created.
    { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create', ...read] },
    { apiGroups: ['coordination.k8s.io'], resources: ['leases'], resourceNames: nodes, verbs: ['patch', 'update'] },
  ];
}

function fakeNode(name: string, id: string, cidr: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: {
        [fakeNodeLabel]: id,
        'kubernetes.io/arch': 'amd64',
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        type: 'kwok',
      },
    },
    spec: { podCIDR: cidr, podCIDRs: [cidr], taints: [fakeNodeTaint] },
    // No address: nothing is asked of a kubelet that does not exist.
    status: {
      allocatable: { cpu: '32', memory: '256Gi', pods: '110' },
      capacity: { cpu: '32', memory: '256Gi', pods: '110' },
    },
  };
}

/**
 * A range for the pods of a fake node out of 198.18.0.0/15, which RFC 2544 sets aside for tests: no pod of the real node has such an
 * address.
 */
function podCidr(id: string, index: number): string {
  const start = Number.parseInt(id.slice(-2), 16);
  return `198.${18 + (Math.floor((start + index) / 256) % 2)}.${(start + index) % 256}.0/24`;
}
