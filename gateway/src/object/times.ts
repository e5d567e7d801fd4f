/** The resource that a field belongs to. */
export interface TimedResource {
  readonly api: { readonly apiGroup: string };
  readonly base: string;
}

/** A field that contains the time of the request that sets it, so that the real run sets another value. */
interface TimeField {
  /** Group and resource; left out if the path is sufficient. */
  readonly of?: (group: string, resource: string) => boolean;
  readonly path: RegExp;
  readonly source: string;
}

const inGroup = (wanted: string, base: string) => (group: string, resource: string) => group === wanted && resource === base;

const timeFields: readonly TimeField[] = [
  {
    path: /^\/spec\/template\/metadata\/annotations\/kubectl\.kubernetes\.io~1restartedAt$/,
    source: 'kubectl rollout restart: pkg/polymorphichelpers/objectrestarter.go',
  },
  {
    of: inGroup('coordination.k8s.io', 'leases'),
    path: /^\/spec\/(acquireTime|renewTime)$/,
    source: 'API reference, Lease: set by the holder when it acquires or renews',
  },
  {
    of: inGroup('', 'events'),
    path: /^\/(firstTimestamp|lastTimestamp|eventTime|series\/lastObservedTime)$/,
    source: 'API reference, Event v1: set by the reporter',
  },
  {
    of: inGroup('events.k8s.io', 'events'),
    path: /^\/(deprecatedFirstTimestamp|deprecatedLastTimestamp|eventTime|series\/lastObservedTime)$/,
    source: 'API reference, Event events.k8s.io/v1: set by the reporter',
  },
  {
    path: /^\/status\/conditions\/\d+\/(lastTransitionTime|lastUpdateTime|lastHeartbeatTime|lastProbeTime)$/,
    source: 'Kubernetes API conventions, "Typical status properties": set by anyone who writes the condition',
  },
  {
    of: inGroup('argoproj.io', 'rollouts'),
    path: /^\/spec\/restartAt$/,
    source: 'Argo Rollouts, "Restarting Rollout Pods": kubectl argo rollouts restart sets the current time',
  },
  {
    of: (group) => group.endsWith('.toolkit.fluxcd.io'),
    path: /^\/metadata\/annotations\/reconcile\.fluxcd\.io~1(requestedAt|forceAt|resetAt)$/,
    source: 'fluxcd/pkg/apis/meta annotations.go: flux reconcile sets the current time',
  },
];

/** A time as the API server and its clients write it. */
export const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;
const NEAR_MS = 5 * 60_000;

/** Whether a value is a time of within five minutes of `now`. */
export const isTimeNear = (value: unknown, now: number): boolean =>
  typeof value === 'string' && TIME.test(value) && Math.abs(Date.parse(value) - now) <= NEAR_MS;

/** Whether a field holds the time of the request that sets it. Without a resource, only by a path that no other kind has. */
export function isTimeField(path: string, resource: TimedResource | undefined): boolean {
  return timeFields.some(
    ({ of, path: pattern }) =>
      pattern.test(path) && (of === undefined || (!!resource && of(resource.api.apiGroup, resource.base))),
  );
}
