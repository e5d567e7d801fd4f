import { type ApiRequest, resourceNames } from '@sentinel/policy';

// What Kubernetes itself serves, by group. Resources of others only their cluster knows.
const groups: Readonly<Record<string, string>> = {
  '': 'bindings componentstatuses configmaps endpoints events limitranges namespaces nodes persistentvolumeclaims persistentvolumes pods podtemplates replicationcontrollers resourcequotas secrets serviceaccounts services',
  'admissionregistration.k8s.io':
    'mutatingadmissionpolicies mutatingadmissionpolicybindings mutatingwebhookconfigurations validatingadmissionpolicies validatingadmissionpolicybindings validatingwebhookconfigurations',
  'apiextensions.k8s.io': 'customresourcedefinitions',
  'apiregistration.k8s.io': 'apiservices',
  apps: 'controllerrevisions daemonsets deployments replicasets statefulsets',
  'authentication.k8s.io': 'selfsubjectreviews tokenreviews',
  'authorization.k8s.io': 'localsubjectaccessreviews selfsubjectaccessreviews selfsubjectrulesreviews subjectaccessreviews',
  autoscaling: 'horizontalpodautoscalers',
  batch: 'cronjobs jobs',
  'certificates.k8s.io': 'certificatesigningrequests',
  'coordination.k8s.io': 'leases',
  'discovery.k8s.io': 'endpointslices',
  'events.k8s.io': 'events',
  'flowcontrol.apiserver.k8s.io': 'flowschemas prioritylevelconfigurations',
  'networking.k8s.io': 'ingressclasses ingresses networkpolicies',
  'node.k8s.io': 'runtimeclasses',
  policy: 'poddisruptionbudgets',
  'rbac.authorization.k8s.io': 'clusterrolebindings clusterroles rolebindings roles',
  'scheduling.k8s.io': 'priorityclasses',
  'storage.k8s.io': 'csidrivers csinodes csistoragecapacities storageclasses volumeattachments volumeattributesclasses',
};
const groupsOf = new Map<string, string[]>();
for (const [group, resources] of Object.entries(groups))
  for (const resource of resources.split(' ')) groupsOf.set(resource, [...(groupsOf.get(resource) ?? []), group]);

const verbs = [
  'get',
  'list',
  'watch',
  'create',
  'update',
  'patch',
  'delete',
  'deletecollection',
  ...['approve', 'attest', 'bind', 'escalate', 'impersonate', 'sign', 'use'],
];

/** Why there is no such request, in a sentence: nothing would ever match it, and a denial of it would prove nothing. */
export function requestFault({
  verb,
  apiGroup,
  resource,
}: Pick<ApiRequest, 'verb' | 'apiGroup' | 'resource'>): string | undefined {
  if (!verbs.includes(verb)) return `there is no verb '${verb}'; verbs are ${verbs.slice(0, 8).join(', ')}`;
  return resourceFault(apiGroup, resource);
}

/** Why there is no such resource, in a sentence. Of groups that Kubernetes does not serve itself nothing is known. */
export function resourceFault(apiGroup: string, resource: string): string | undefined {
  const [kind = ''] = resource.split('/');
  // Groups of others are names of domains.
  const isOthers = apiGroup.includes('.') && !Object.hasOwn(groups, apiGroup);
  if (isOthers || groupsOf.get(kind)?.includes(apiGroup)) return undefined;
  const meant = resourceNames([kind]).find((name) => groupsOf.has(name));
  if (meant === undefined)
    return apiGroup === ''
      ? `the core group has no '${kind}'; say the group as well, where it is of another`
      : `the group '${apiGroup}' has no '${kind}'`;
  const [group = ''] = groupsOf.get(meant) ?? [];
  const where = group === '' ? 'of the core group, which has no name' : `of the group '${group}'`;
  return meant === kind ? `\`${kind}\` are ${where}` : `there is no resource '${kind}': \`${meant}\` are ${where}`;
}
