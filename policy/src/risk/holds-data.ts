import type { DependantKind, Effect } from '@sentinel/crds';
import { baseOf } from './words.ts';

const resources = new Set([
  'persistentvolumeclaims',
  'persistentvolumes',
  'volumesnapshots',
  'volumesnapshotcontents',
  'statefulsets',
  'configmaps',
  'secrets',
  'namespaces',
  'customresourcedefinitions',
]);

/** The API groups of Kubernetes itself. What objects of other groups stand for is not known: a database, a bucket, a cluster. */
const ownGroups = new Set([
  '',
  'admissionregistration.k8s.io',
  'apiregistration.k8s.io',
  'apps',
  'authentication.k8s.io',
  'authorization.k8s.io',
  'autoscaling',
  'batch',
  'certificates.k8s.io',
  'coordination.k8s.io',
  'discovery.k8s.io',
  'events.k8s.io',
  'flowcontrol.apiserver.k8s.io',
  'networking.k8s.io',
  'node.k8s.io',
  'policy',
  'rbac.authorization.k8s.io',
  'resource.k8s.io',
  'scheduling.k8s.io',
  'storage.k8s.io',
]);

/** Whether an object of this resource holds data by its kind. */
export const holdsData = (of: Pick<Effect, 'resource'>): boolean => resources.has(baseOf(of));

/**
 * Whether an object that is deleted with its owner may hold data. Nobody named it, so a custom resource counts as well: what its
 * controller does when it goes is not known.
 */
export const mayHoldData = (of: Pick<Effect, 'apiGroup' | 'resource'>): boolean => holdsData(of) || !ownGroups.has(of.apiGroup);

/** The dependants that a delete takes with it and that may hold data, by kind. */
export const dataDependants = ({ deletion }: Pick<Effect, 'deletion'>): DependantKind[] =>
  (deletion?.dependants ?? []).filter(mayHoldData);
