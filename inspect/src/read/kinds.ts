import {
  configmaps,
  cronjobs,
  daemonsets,
  defineResource,
  deployments,
  events,
  jobs,
  type KubeObject,
  nodes,
  poddisruptionbudgets,
  pods,
  type ResourceKind,
  secrets,
  statefulsets,
} from '@sentinel/kube';
import type { Budget, Job, KubeEvent, Node, Phased, Pod, Quota, Workload } from '../objects.ts';

const as = <T extends KubeObject>(kind: ResourceKind): ResourceKind<T> => kind as unknown as ResourceKind<T>;
const core = (plural: string, kind: string, namespaced: boolean) =>
  defineResource<Phased>({ group: '', version: 'v1', plural, kind, namespaced });

/** The kinds that reports read, with the fields that they look at. */
export const kinds = {
  pods: as<Pod>(pods),
  deployments: as<Workload>(deployments),
  statefulsets: as<Workload>(statefulsets),
  daemonsets: as<Workload>(daemonsets),
  replicasets: defineResource<Workload>({
    group: 'apps',
    version: 'v1',
    plural: 'replicasets',
    kind: 'ReplicaSet',
    namespaced: true,
  }),
  budgets: as<Budget>(poddisruptionbudgets),
  quotas: defineResource<Quota>({ group: '', version: 'v1', plural: 'resourcequotas', kind: 'ResourceQuota', namespaced: true }),
  claims: core('persistentvolumeclaims', 'PersistentVolumeClaim', true),
  volumes: core('persistentvolumes', 'PersistentVolume', false),
  namespaces: core('namespaces', 'Namespace', false),
  nodes: as<Node>(nodes),
  jobs: as<Job>(jobs),
  cronjobs: as<Job>(cronjobs),
  events: as<KubeEvent>(events),
  configmaps: as<KubeObject & { data?: Record<string, string> }>(configmaps),
  secrets: as<KubeObject & { data?: Record<string, string> }>(secrets),
  certificates: defineResource<KubeObject & { status?: { notAfter?: string } }>({
    group: 'cert-manager.io',
    version: 'v1',
    plural: 'certificates',
    kind: 'Certificate',
    namespaced: true,
  }),
} as const;
