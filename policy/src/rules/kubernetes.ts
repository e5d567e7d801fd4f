import type { AgentPolicySpec, Decision } from '@sentinel/crds';
import { type ApplicablePolicy, type PolicySet, policyName } from '../policyset/policy-set.ts';
import { stricter } from '../verdict/order.ts';
import type { Refusal } from '../verdict/verdict.ts';
import type { DeletedDependant } from './dependants.ts';
import { type ApiRequest, isLetIn, OWN_GROUP, protectedAgainst } from './protected.ts';

type KubernetesRule = NonNullable<AgentPolicySpec['kubernetes']>[number];

/** The evaluation of a request to the Kubernetes API. `decidedBy` names the rule, also if it allows. */
export interface ApiVerdict {
  readonly decision: Decision;
  readonly decidedBy: string;
  readonly refusal?: Refusal;
}

/**
 * Evaluates a request of an action in `actionNamespace`.
 *
 * Each policy that has rules about the Kubernetes API must match the request; within a policy and between policies the strictest
 * decision holds; a request that no rule matches is denied. So is every request when no ClusterAgentPolicy has such rules: a
 * namespace only tightens what the floor allows, so it cannot allow what the floor has no rules about.
 */
export function judgeApiRequest(set: PolicySet, actionNamespace: string, request: ApiRequest): ApiVerdict {
  const never = protectedAgainst(request);
  if (never && !isLetIn(set.policies, request))
    return { decision: 'Deny', decidedBy: `${never.policy}: ${never.rule}`, refusal: never };
  const blocked = set.refusals[0];
  if (blocked) return { decision: 'Deny', decidedBy: `${blocked.policy}: ${blocked.rule}`, refusal: blocked };
  const opinions = set.policies
    .filter((policy) => policy.spec?.kubernetes !== undefined)
    .map((policy) => opinion(policy, actionNamespace, request));
  const first = opinions[0];
  if (!first || !set.policies.some(({ kind, spec }) => kind === 'ClusterAgentPolicy' && spec?.kubernetes !== undefined))
    return denied('Sentinel', 'kubernetes', request, 'no ClusterAgentPolicy has rules about the Kubernetes API');
  return opinions.reduce(
    (strictest, next) => (stricter(next.decision, strictest.decision) === strictest.decision ? strictest : next),
    first,
  );
}

/**
 * Why a deletion that follows from another one is forbidden: by a rule that denies it. A missing Allow rule is not a reason, because the garbage
 * collector deletes it, and not the account. A rule with names counts as well where not all names are known.
 */
export function forbiddenDependant(
  set: PolicySet,
  actionNamespace: string,
  { owner, ...request }: DeletedDependant,
): Refusal | undefined {
  for (const policy of set.policies)
    for (const [index, rule] of (policy.spec?.kubernetes ?? []).entries()) {
      if (rule.decision !== 'Deny') continue;
      const asked = request.name === undefined ? { ...rule, resourceNames: undefined } : rule;
      if (!matches(asked, actionNamespace, request)) continue;
      const why = `${(rule.justification ?? 'the rule denies it').replace(/\.$/, '')}; it would be deleted with ${owner}, which owns it`;
      return denied(policyName(policy), `kubernetes[${index}]`, request, why).refusal;
    }
  return undefined;
}

function opinion(policy: ApplicablePolicy, actionNamespace: string, request: ApiRequest): ApiVerdict {
  const rules = policy.spec?.kubernetes ?? [];
  const matching = rules.map((rule, index) => ({ rule, index })).filter(({ rule }) => matches(rule, actionNamespace, request));
  const first = matching[0];
  if (!first) return denied(policyName(policy), 'kubernetes', request, 'no rule allows it');
  // They add to what another rule lets through and let nothing through themselves, as a rule with names allows no list.
  const within = rules.map((rule, index) => ({ rule, index })).filter(({ rule }) => reachesNamed(rule, actionNamespace, request));
  const strictest = [...matching, ...within].reduce(
    (best, next) => (stricter(next.rule.decision, best.rule.decision) === best.rule.decision ? best : next),
    first,
  );
  const rule = `kubernetes[${strictest.index}]`;
  if (strictest.rule.decision === 'Deny')
    return denied(policyName(policy), rule, request, strictest.rule.justification ?? 'the rule denies it');
  return { decision: strictest.rule.decision, decidedBy: `${policyName(policy)}: ${rule}` };
}

const ofMany: readonly string[] = ['list', 'watch', 'deletecollection'];

// Whether a request without a name reaches the objects that a rule names in order to stop or hold them.
function reachesNamed(rule: KubernetesRule, actionNamespace: string, request: ApiRequest): boolean {
  if (rule.decision === 'Allow' || !rule.resourceNames?.length || request.name !== undefined) return false;
  return ofMany.includes(request.verb) && matches({ ...rule, resourceNames: undefined }, actionNamespace, request);
}

function matches(rule: KubernetesRule, actionNamespace: string, request: ApiRequest): boolean {
  // Sentinel's own kinds hold prompts and plans: a '*' that was written for the workloads of a namespace lets nobody read them.
  const isAnyGroup = rule.apiGroups.includes('*') && (request.apiGroup !== OWN_GROUP || rule.decision === 'Deny');
  const inGroup = isAnyGroup || rule.apiGroups.includes(request.apiGroup);
  // '*' stands for resources alone: a subresource must be named, as RBAC's '*' has surprised too many.
  const isResource =
    rule.resources.includes(request.resource) || (rule.resources.includes('*') && !request.resource.includes('/'));
  const isVerb = rule.verbs.includes('*') || (rule.verbs as readonly string[]).includes(request.verb);
  const isNamed = rule.resourceNames === undefined || (request.name !== undefined && rule.resourceNames.includes(request.name));
  const reachable = rule.namespaces ?? [actionNamespace];
  // A cluster-scoped object, or a request over all namespaces, is not in any namespace that a rule lists by default.
  const inNamespace = request.namespace === undefined ? clusterWide(rule, request) : reachable.includes(request.namespace);
  return inGroup && isResource && isVerb && isNamed && inNamespace;
}

// Cluster-scoped objects are matched by rules that list resources by name; only a '*' that denies reaches beyond the namespace.
function clusterWide(rule: KubernetesRule, request: ApiRequest): boolean {
  const isMeant = rule.resources.includes(request.resource) || (rule.decision === 'Deny' && rule.resources.includes('*'));
  return isMeant && rule.namespaces === undefined && clusterScoped.has(request.resource);
}

// What a health check reads of the cluster itself. A list over all namespaces of a namespaced resource is not among them.
const clusterScoped = new Set([
  'nodes',
  'namespaces',
  'persistentvolumes',
  'storageclasses',
  'runtimeclasses',
  'priorityclasses',
  'ingressclasses',
]);

function denied(policy: string, rule: string, request: ApiRequest, why: string): ApiVerdict {
  const where = request.namespace === undefined ? 'in the whole cluster' : `in namespace '${request.namespace}'`;
  const group = request.apiGroup === '' ? '' : `.${request.apiGroup}`;
  const refusal: Refusal = {
    code: 'ApiRequestDenied',
    policy,
    rule,
    message: `${request.verb} ${request.resource}${group} ${where} is denied: ${why}`,
  };
  return { decision: 'Deny', decidedBy: `${policy}: ${rule}`, refusal };
}
