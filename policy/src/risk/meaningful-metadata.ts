/**
 * Labels and annotations that are more than notes: they change what the API server and its controllers do, as a field of a spec would.
 * Sources: https://kubernetes.io/docs/reference/labels-annotations-taints/ for the keys, and the page of each kind for its selectors.
 */

// The prefixes are reserved for Kubernetes itself (https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/), so each
// key carries meaning unless it is known to inform people and tools only.
const RESERVED = /^\/metadata\/(labels|annotations)\/([^/]+\.)?(kubernetes|k8s)\.io~1/;
// A copy that `kubectl apply` keeps and that repeats the object informs; what it says otherwise decides what a later apply removes.
const INFORMING =
  /^\/metadata\/(labels|annotations)\/(app\.kubernetes\.io~1[^/]*|kubernetes\.io~1(description|change-cause)|kubectl\.kubernetes\.io~1(last-applied-configuration$|default-container|restartedAt))(\/|$)/;

/** Kinds of which the labels decide what Kubernetes does with them. */
const SELECTED_BY_LABELS: ReadonlySet<string> = new Set([
  // Services, NetworkPolicies, PodDisruptionBudgets and the controllers that own them.
  'pods',
  // A Deployment, a StatefulSet or a DaemonSet adopts and releases them by their labels.
  'replicasets',
  'replicationcontrollers',
  'controllerrevisions',
  // Scheduling.
  'nodes',
  // NetworkPolicies, admission policies and webhooks, Pod Security.
  'namespaces',
  // PersistentVolumeClaims with a selector.
  'persistentvolumes',
  // Aggregation: the rules of a labelled ClusterRole become those of another one.
  'clusterroles',
]);

/** Whether a change of a label or an annotation, by its JSON pointer, changes what Kubernetes does. */
export function carriesMeaning(resource: string, path: string): boolean {
  if (path.startsWith('/metadata/labels/') && SELECTED_BY_LABELS.has(resource)) return true;
  return RESERVED.test(path) && !INFORMING.test(path);
}
