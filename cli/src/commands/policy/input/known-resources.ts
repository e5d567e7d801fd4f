import { type ApiRequest, resourceNames } from '@sentinel/policy';

// The resources of Kubernetes itself, by group; '' is the core group.
const resourcesOf = new Map(
  ` bindings componentstatuses configmaps endpoints events limitranges namespaces nodes persistentvolumeclaims persistentvolumes pods podtemplates replicationcontrollers resourcequotas secrets serviceaccounts services
admissionregistration.k8s.io mutatingadmissionpolicies mutatingadmissionpolicybindings mutatingwebhookconfigurations validatingadmissionpolicies validatingadmissionpolicybindings validatingwebhookconfigurations
apiextensions.k8s.io customresourcedefinitions
apiregistration.k8s.io apiservices
apps controllerrevisions daemonsets deployments replicasets statefulsets
authentication.k8s.io selfsubjectreviews tokenreviews
authorization.k8s.io localsubjectaccessreviews selfsubjectaccessreviews selfsubjectrulesreviews subjectaccessreviews
autoscaling horizontalpodautoscalers
batch cronjobs jobs
certificates.k8s.io certificatesigningrequests clustertrustbundles podcertificaterequests
coordination.k8s.io leasecandidates leases
discovery.k8s.io endpointslices
events.k8s.io events
flowcontrol.apiserver.k8s.io flowschemas prioritylevelconfigurations
internal.apiserver.k8s.io storageversions
networking.k8s.io ingressclasses ingresses ipaddresses networkpolicies servicecidrs
node.k8s.io runtimeclasses
policy poddisruptionbudgets
rbac.authorization.k8s.io clusterrolebindings clusterroles rolebindings roles
resource.k8s.io deviceclasses devicetaintrules resourceclaims resourceclaimtemplates resourceslices
scheduling.k8s.io priorityclasses
storage.k8s.io csidrivers csinodes csistoragecapacities storageclasses volumeattachments volumeattributesclasses
storagemigration.k8s.io storageversionmigrations`
    .split('\n')
    .map((line) => line.split(' '))
    .map(([group = '', ...resources]) => [group, resources] as const),
);
const groupsOf = new Map<string, readonly string[]>();
for (const [group, resources] of resourcesOf)
  for (const resource of resources) groupsOf.set(resource, [...(groupsOf.get(resource) ?? []), group]);

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

/** A sentence that says why such a request cannot exist. No rule would ever match it, and a denial of it would prove nothing. */
export function requestFault({
  verb,
  apiGroup,
  resource,
}: Pick<ApiRequest, 'verb' | 'apiGroup' | 'resource'>): string | undefined {
  if (!verbs.includes(verb)) return `there is no verb '${verb}'; verbs are ${verbs.slice(0, 8).join(', ')}`;
  return resourceFault(apiGroup, resource);
}

/** A sentence that says why such a resource does not exist. Resources of other groups than those of Kubernetes are unknown. */
export function resourceFault(apiGroup: string, resource: string): string | undefined {
  const [kind = ''] = resource.split('/');
  if (isOfOthers(apiGroup) || groupsOf.get(kind)?.includes(apiGroup)) return undefined;
  const meant = resourceNames([kind]).find((name) => groupsOf.has(name));
  if (meant === undefined)
    return apiGroup === ''
      ? `the core group has no '${kind}'; if it belongs to another group, add the group`
      : `the group '${apiGroup}' has no '${kind}'`;
  const [group = ''] = groupsOf.get(meant) ?? [];
  const where = group === '' ? 'of the core group, which has no name' : `of the group '${group}'`;
  return meant === kind ? `\`${kind}\` are ${where}` : `there is no resource '${kind}': \`${meant}\` are ${where}`;
}

/**
 * Why a resource that a rule names is in none of the groups of the rule, if all are part of Kubernetes; undefined if it may be in one.
 * The resources of other groups are only known in a cluster.
 */
export function ruleFault(apiGroups: readonly string[], resource: string): string | undefined {
  if (apiGroups.some(isOfOthers)) return undefined;
  const [plain = ''] = resource.split('/');
  const groups = groupsOf.get(plain);
  if (groups?.some((group) => apiGroups.includes(group) || apiGroups.includes('*'))) return undefined;
  if (groups) return `matches nothing: '${plain}' is of the API group ${orOf(groups)}, not of ${orOf(apiGroups)}`;
  const plural = resourceNames([plain]).find((name) => groupsOf.has(name));
  return plural === undefined ? undefined : `matches nothing: there is no resource '${plain}'; write '${plural}'`;
}

// A group that is added to a cluster has a domain name.
const isOfOthers = (group: string): boolean => group.includes('.') && !resourcesOf.has(group);
const orOf = (groups: readonly string[]): string => groups.map((group) => `'${group}'`).join(' or ');
