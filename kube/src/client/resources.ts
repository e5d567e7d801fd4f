import type { AnyObject, KubeObject, ResourceKind } from '../types.ts';

/**
 * Declares a kind the client can address.
 * `defineResource<Widget>({ group: 'example.org', version: 'v1', plural: 'widgets', kind: 'Widget', namespaced: true })`
 */
export function defineResource<T extends KubeObject = AnyObject>(kind: Omit<ResourceKind<T>, 'type'>): ResourceKind<T> {
  return Object.freeze({ ...kind });
}

/** The `apiVersion` objects of this kind carry. */
export function apiVersionOf(kind: ResourceKind<never> | ResourceKind<KubeObject>): string {
  return kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
}

function namespaced(group: string, plural: string, kind: string): ResourceKind {
  return defineResource({ group, version: 'v1', plural, kind, namespaced: true });
}

function clusterScoped(group: string, plural: string, kind: string): ResourceKind {
  return defineResource({ group, version: 'v1', plural, kind, namespaced: false });
}

export const namespaces = clusterScoped('', 'namespaces', 'Namespace');
export const nodes = clusterScoped('', 'nodes', 'Node');
export const pods = namespaced('', 'pods', 'Pod');
export const services = namespaced('', 'services', 'Service');
export const serviceaccounts = namespaced('', 'serviceaccounts', 'ServiceAccount');
export const configmaps = namespaced('', 'configmaps', 'ConfigMap');
export const secrets = namespaced('', 'secrets', 'Secret');
export const events = namespaced('events.k8s.io', 'events', 'Event');
export const jobs = namespaced('batch', 'jobs', 'Job');
export const cronjobs = namespaced('batch', 'cronjobs', 'CronJob');
export const networkpolicies = namespaced('networking.k8s.io', 'networkpolicies', 'NetworkPolicy');
export const poddisruptionbudgets = namespaced('policy', 'poddisruptionbudgets', 'PodDisruptionBudget');
export const deployments = namespaced('apps', 'deployments', 'Deployment');
export const statefulsets = namespaced('apps', 'statefulsets', 'StatefulSet');
export const daemonsets = namespaced('apps', 'daemonsets', 'DaemonSet');
export const endpointslices = namespaced('discovery.k8s.io', 'endpointslices', 'EndpointSlice');
export const roles = namespaced('rbac.authorization.k8s.io', 'roles', 'Role');
export const rolebindings = namespaced('rbac.authorization.k8s.io', 'rolebindings', 'RoleBinding');
export const clusterroles = clusterScoped('rbac.authorization.k8s.io', 'clusterroles', 'ClusterRole');
export const clusterrolebindings = clusterScoped('rbac.authorization.k8s.io', 'clusterrolebindings', 'ClusterRoleBinding');
export const customresourcedefinitions = clusterScoped(
  'apiextensions.k8s.io',
  'customresourcedefinitions',
  'CustomResourceDefinition',
);

const admission = 'admissionregistration.k8s.io';
export const validatingadmissionpolicies = clusterScoped(admission, 'validatingadmissionpolicies', 'ValidatingAdmissionPolicy');
export const validatingadmissionpolicybindings = clusterScoped(
  admission,
  'validatingadmissionpolicybindings',
  'ValidatingAdmissionPolicyBinding',
);
export const mutatingwebhookconfigurations = clusterScoped(
  admission,
  'mutatingwebhookconfigurations',
  'MutatingWebhookConfiguration',
);
export const validatingwebhookconfigurations = clusterScoped(
  admission,
  'validatingwebhookconfigurations',
  'ValidatingWebhookConfiguration',
);

/** A lock record (coordination.k8s.io/v1). */
export interface Lease extends KubeObject {
  spec?: {
    holderIdentity?: string;
    leaseDurationSeconds?: number;
    acquireTime?: string;
    renewTime?: string;
    leaseTransitions?: number;
  };
}

export const leases = defineResource<Lease>({
  group: 'coordination.k8s.io',
  version: 'v1',
  plural: 'leases',
  kind: 'Lease',
  namespaced: true,
});
