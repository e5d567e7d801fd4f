import { type ApiRequest, judgeApiRequest, type PolicySet } from '@sentinel/policy';
import { isClusterScoped } from '../input/scope.ts';

// Harmful changes in a cluster, the worst first; rules may name more.
const targets: readonly (readonly [apiGroup: string, resource: string])[] = [
  ['', 'persistentvolumeclaims'],
  ['apps', 'statefulsets'],
  ['', 'configmaps'],
  ['apps', 'deployments'],
  ['apps', 'daemonsets'],
  ['', 'serviceaccounts'],
  ['networking.k8s.io', 'networkpolicies'],
  ['cilium.io', 'ciliumnetworkpolicies'],
  ['policy', 'poddisruptionbudgets'],
  ['', 'resourcequotas'],
  ['', 'limitranges'],
  ['networking.k8s.io', 'ingresses'],
  ['', 'services'],
  ['batch', 'jobs'],
  ['batch', 'cronjobs'],
  ['autoscaling', 'horizontalpodautoscalers'],
  ['', 'pods'],
  ['apps', 'deployments/scale'],
  ['apps', 'statefulsets/scale'],
];
const verbs = ['delete', 'deletecollection', 'patch', 'update', 'create'];
const MAX = 20_000;

/** A request that no rule about the API denies. */
export interface Candidate {
  readonly request: ApiRequest;
  /** The rule that allows it, and whether it requires a person. */
  readonly decidedBy: string;
  readonly asks: boolean;
}

/** Harmful requests in a namespace, and requests that rules name, if rules about the API allow them: one request of each kind and decision. */
export function candidates(set: PolicySet, namespace: string): Candidate[] {
  const found = new Map<string, Candidate>();
  for (const request of requestsOf(set, namespace)) {
    const { decision, decidedBy } = judgeApiRequest(set, namespace, request);
    const { verb, apiGroup, resource } = request;
    const key = JSON.stringify([verb, apiGroup, resource, request.namespace, decision]);
    if (decision !== 'Deny' && !found.has(key)) found.set(key, { request, decidedBy, asks: decision !== 'Allow' });
  }
  return [...found.values()];
}

function requestsOf(set: PolicySet, namespace: string): ApiRequest[] {
  const rules = set.policies.flatMap(({ spec }) => spec?.kubernetes ?? []).filter(({ decision }) => decision !== 'Deny');
  const named = rules.flatMap(({ apiGroups, resources }) =>
    apiGroups.flatMap((apiGroup) => resources.map((resource) => [apiGroup, resource] as const)),
  );
  const kinds = [...targets, ...named.filter((pair) => !pair.includes('*'))];
  const places = [namespace, ...new Set(rules.flatMap((rule) => rule.namespaces ?? []))];
  const names = [undefined, ...new Set(rules.flatMap((rule) => rule.resourceNames ?? []))];
  const all = new Map<string, ApiRequest>();
  for (const [apiGroup, resource] of kinds)
    for (const verb of verbs)
      for (const place of places)
        for (const name of names) {
          const any = verb === 'deletecollection' ? undefined : 'any';
          const where = isClusterScoped(resource) ? undefined : place;
          const request = { verb, apiGroup, resource, namespace: where, name: name ?? any };
          if (all.size < MAX) all.set(JSON.stringify(request), request);
        }
  return [...all.values()];
}
