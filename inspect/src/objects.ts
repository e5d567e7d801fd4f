import type { ObjectReference } from '@sentinel/findings';
import type { KubeObject } from '@sentinel/kube';

/** The fields of objects that the checks read. All are optional, because an object may be incomplete at any moment. */
export interface Condition {
  readonly type?: string;
  readonly status?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

interface Terminated {
  readonly reason?: string;
  readonly message?: string;
  readonly exitCode?: number;
  readonly finishedAt?: string;
}

export interface ContainerStatus {
  readonly name?: string;
  readonly ready?: boolean;
  readonly restartCount?: number;
  readonly state?: {
    readonly waiting?: { readonly reason?: string; readonly message?: string };
    readonly terminated?: Terminated;
  };
  readonly lastState?: { readonly terminated?: Terminated };
}

export interface Pod extends KubeObject {
  readonly spec?: { readonly nodeName?: string; readonly containers?: readonly { readonly name: string }[] };
  readonly status?: {
    readonly phase?: string;
    readonly reason?: string;
    readonly message?: string;
    readonly conditions?: readonly Condition[];
    readonly containerStatuses?: readonly ContainerStatus[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
  };
}

export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly { readonly key: string; readonly operator: string; readonly values?: readonly string[] }[];
}

/** A Deployment, StatefulSet, DaemonSet or ReplicaSet. */
export interface Workload extends KubeObject {
  readonly spec?: { readonly replicas?: number; readonly paused?: boolean; readonly selector?: LabelSelector };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly updatedReplicas?: number;
    readonly readyReplicas?: number;
    readonly availableReplicas?: number;
    readonly desiredNumberScheduled?: number;
    readonly numberUnavailable?: number;
    readonly conditions?: readonly Condition[];
  };
}

export interface Budget extends KubeObject {
  readonly status?: {
    readonly currentHealthy?: number;
    readonly desiredHealthy?: number;
    readonly disruptionsAllowed?: number;
    readonly expectedPods?: number;
  };
}

export interface Quota extends KubeObject {
  readonly status?: { readonly hard?: Readonly<Record<string, string>>; readonly used?: Readonly<Record<string, string>> };
}

/** A PersistentVolumeClaim, PersistentVolume or Namespace: something with a phase. */
export interface Phased extends KubeObject {
  readonly status?: { readonly phase?: string; readonly conditions?: readonly Condition[] };
}

export interface Job extends KubeObject {
  readonly spec?: { readonly suspend?: boolean };
  readonly status?: { readonly conditions?: readonly Condition[]; readonly failed?: number };
}

export interface Node extends KubeObject {
  readonly spec?: { readonly unschedulable?: boolean };
  readonly status?: { readonly conditions?: readonly Condition[] };
}

/** An Event of `events.k8s.io/v1`, with the fields of the older form that recorders still fill in. */
export interface KubeEvent extends KubeObject {
  readonly type?: string;
  readonly reason?: string;
  readonly note?: string;
  readonly eventTime?: string | null;
  readonly reportingController?: string;
  readonly regarding?: { readonly kind?: string; readonly namespace?: string; readonly name?: string };
  readonly series?: { readonly count?: number; readonly lastObservedTime?: string };
  readonly deprecatedCount?: number;
  readonly deprecatedFirstTimestamp?: string | null;
  readonly deprecatedLastTimestamp?: string | null;
}

/** Names an object in a finding. */
export const referTo = ({ kind, metadata: { namespace, name } }: KubeObject): ObjectReference => ({
  kind,
  ...(namespace !== undefined && { namespace }),
  name: name || '(no name)',
});

/** The workload that a Pod belongs to: the Deployment of its ReplicaSet, its controller, or the Pod itself. */
export function workloadOf(pod: Pod): ObjectReference {
  const owner = pod.metadata.ownerReferences?.find(({ controller }) => controller);
  if (!owner) return referTo(pod);
  const namespace = pod.metadata.namespace;
  const of = (kind: string, name: string) => ({ kind, ...(namespace !== undefined && { namespace }), name });
  const hash = pod.metadata.labels?.['pod-template-hash'];
  if (owner.kind === 'ReplicaSet' && hash && owner.name.endsWith(`-${hash}`))
    return of('Deployment', owner.name.slice(0, -hash.length - 1));
  return of(owner.kind, owner.name);
}

/** The condition of a type. */
export const conditionOf = (conditions: readonly Condition[] | undefined, type: string): Condition | undefined =>
  conditions?.find((condition) => condition.type === type);

/** How many milliseconds ago a time was; 0 if it is not a time, so that no check relies on it. */
export function ageOf(time: string | null | undefined, now: number): number {
  const at = Date.parse(time ?? '');
  return Number.isNaN(at) ? 0 : now - at;
}

/** A time of the API as findings have it (milliseconds, UTC); undefined if it is not a time. */
export function timeOf(time: string | null | undefined): string | undefined {
  const at = Date.parse(time ?? '');
  return Number.isNaN(at) ? undefined : new Date(at).toISOString();
}

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
