import type { ContainerStatus, KubeEvent, Pod, Workload } from './objects.ts';

export const NOW = Date.parse('2026-03-01T12:00:00Z');

/** A time before {@link NOW}. */
export const ago = (minutes: number): string => new Date(NOW - minutes * 60_000).toISOString();

/** A Pod of the Deployment `web` that is well. */
export function aPod(status: object = {}, metadata: object = {}, container: ContainerStatus = {}): Pod {
  const containerStatuses = [{ name: 'web', ready: true, restartCount: 0, state: {}, ...container }];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'web-5d4f-abcde',
      namespace: 'shop',
      labels: { 'pod-template-hash': '5d4f' },
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-5d4f', uid: 'r', controller: true }],
      ...metadata,
    },
    spec: { containers: [{ name: 'web' }] },
    status: { phase: 'Running', containerStatuses, ...status },
  };
}

/** The Deployment `web` with two of two replicas. */
export const aDeployment = (status: object = {}, spec: object = {}, metadata: object = {}): Workload => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop', uid: 'd', generation: 1, ...metadata },
  spec: { replicas: 2, ...spec },
  status: { observedGeneration: 1, replicas: 2, updatedReplicas: 2, readyReplicas: 2, availableReplicas: 2, ...status },
});

/** A Warning Event about a Pod, seen five times. */
export const anEvent = (more: object = {}): KubeEvent => ({
  apiVersion: 'events.k8s.io/v1',
  kind: 'Event',
  metadata: { name: 'web.1', namespace: 'shop' },
  type: 'Warning',
  reason: 'BackOff',
  note: 'Back-off restarting failed container',
  regarding: { kind: 'Pod', namespace: 'shop', name: 'web-5d4f-abcde' },
  deprecatedCount: 5,
  deprecatedFirstTimestamp: ago(20),
  deprecatedLastTimestamp: ago(10),
  ...more,
});
