import type { ApplicablePolicy } from '../policyset/policy-set.ts';
import type { Refusal } from '../verdict/verdict.ts';

/** A request to the Kubernetes API as policy sees it. */
export interface ApiRequest {
  readonly verb: string;
  readonly apiGroup: string;
  /** With its subresource: `deployments/scale`. */
  readonly resource: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
}

interface Protection {
  readonly rule: string;
  readonly what: string;
  readonly covers: (request: ApiRequest) => boolean;
}

const reads = new Set(['get', 'list', 'watch']);
const isWrite = (request: ApiRequest) => !reads.has(request.verb);
const base = (request: ApiRequest) => request.resource.split('/')[0] ?? '';
const sub = (request: ApiRequest) => request.resource.split('/')[1] ?? '';

/** The API group of Sentinel's own kinds. */
export const OWN_GROUP = 'sentinel.dev';

/** Own kinds that a report reads. A kind that is not in this list is not readable, and no subresource is. */
const readableOwnKinds = new Set([
  'agentactions',
  'actionplans',
  'actionplanparts',
  'playbooks',
  'agentpolicies',
  'clusteragentpolicies',
]);
const isReadOfOwnKind = (request: ApiRequest) => !isWrite(request) && readableOwnKinds.has(request.resource);

/** Resources that no Playbook may access, even if a policy allows it. The order is that of the messages. */
const protections: readonly Protection[] = [
  { rule: 'own-kinds', what: "Sentinel's own kinds", covers: (r) => r.apiGroup === OWN_GROUP && !isReadOfOwnKind(r) },
  { rule: 'secrets', what: 'Secrets', covers: (r) => r.apiGroup === '' && base(r) === 'secrets' },
  { rule: 'rbac', what: 'RBAC', covers: (r) => r.apiGroup === 'rbac.authorization.k8s.io' && isWrite(r) },
  {
    rule: 'admission',
    what: 'admission configuration',
    covers: (r) => r.apiGroup === 'admissionregistration.k8s.io' && isWrite(r),
  },
  {
    rule: 'definitions',
    what: 'definitions of APIs',
    covers: (r) => ['apiextensions.k8s.io', 'apiregistration.k8s.io'].includes(r.apiGroup) && isWrite(r),
  },
  { rule: 'certificates', what: 'certificate requests', covers: (r) => r.apiGroup === 'certificates.k8s.io' && isWrite(r) },
  {
    rule: 'reviews',
    what: 'token and access reviews',
    covers: (r) => ['authentication.k8s.io', 'authorization.k8s.io'].includes(r.apiGroup),
  },
  { rule: 'tokens', what: 'tokens', covers: (r) => base(r) === 'serviceaccounts' && sub(r) === 'token' },
  {
    rule: 'connect',
    what: 'exec, attach, port-forward and proxy',
    covers: (r) => ['exec', 'attach', 'portforward', 'proxy'].includes(sub(r)),
  },
  {
    rule: 'namespaces',
    what: 'namespaces and nodes',
    covers: (r) => r.apiGroup === '' && ['namespaces', 'nodes'].includes(base(r)) && isWrite(r),
  },
  { rule: 'impersonation', what: 'impersonation', covers: (r) => r.verb === 'impersonate' },
];

/** The refusal of a request that no policy can allow, or undefined. */
export function protectedAgainst(request: ApiRequest): Refusal | undefined {
  const found = protections.find((protection) => protection.covers(request));
  if (!found) return undefined;
  return {
    code: 'ResourceProtected',
    policy: 'Sentinel',
    rule: `protected ${found.rule}`,
    message: `${request.verb} ${request.resource} is refused: ${found.what} may not be touched from a sandbox`,
  };
}

/** Whether a request is for one Secret by its name: the only request that `protected.allow` of the floor can let in. */
export const isNamedSecret = ({ verb, apiGroup, resource, namespace, name }: ApiRequest): boolean =>
  verb === 'get' && apiGroup === '' && resource === 'secrets' && namespace !== undefined && name !== undefined;

/**
 * Whether the floor lets a part of a protected object be read: every ClusterAgentPolicy must name it, so that another one never loosens. The
 * gateway shows only that part.
 */
export function isLetIn(policies: readonly ApplicablePolicy[], request: ApiRequest): boolean {
  if (!isNamedSecret(request)) return false;
  const floors = policies.filter(({ kind }) => kind === 'ClusterAgentPolicy');
  return floors.length > 0 && floors.every((floor) => !floor.isBeingDeleted && isNamedBy(floor, request));
}

const isNamedBy = ({ spec }: ApplicablePolicy, { namespace = '', name = '' }: ApiRequest): boolean =>
  (spec?.protected?.allow ?? []).some(
    ({ resources, namespaces, resourceNames }) =>
      resources.includes('secrets') && namespaces.includes(namespace) && resourceNames.includes(name),
  );
