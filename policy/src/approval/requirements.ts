import type { Effect, RiskLevel } from '@sentinel/crds';
import { type PolicySet, policyName } from '../policyset/policy-set.ts';
import { deletedDependants } from '../rules/dependants.ts';
import { judgeHighRisk } from '../rules/high-risk.ts';
import { forbiddenDependant, judgeApiRequest } from '../rules/kubernetes.ts';
import { seconds, shorter } from '../verdict/order.ts';
import type { Refusal } from '../verdict/verdict.ts';
import { approvalLine, shorterOrNone } from './approval-line.ts';
import { combineReasons, type RequiredReasons, requiredReasons } from './reasons.ts';

/** What a plan needs before it may start. */
export interface Requirements {
  readonly approvals: number;
  /** Whether policy lets the plan start without a person; then `approvals` is 0. */
  readonly autoReview?: boolean | undefined;
  /** Groups whose members may approve; undefined if everyone with the verb may. */
  readonly groups: readonly string[] | undefined;
  /** Groups whose members may not approve, even if they are members of other groups. */
  readonly refuseGroups?: readonly string[] | undefined;
  /** Groups; an approver must also be a member of one of them. Undefined if the floor names none. */
  readonly approverGroups?: readonly string[] | undefined;
  readonly expiresAfter: string;
  /** How long a standing approval may be; undefined if none counts. */
  readonly standing?: string | undefined;
  /** What each approval must say; undefined if no policy requires anything. */
  readonly reasons?: RequiredReasons | undefined;
}

/** The evaluation of a plan: requirements, or refusals. */
export interface PlanVerdict {
  readonly requirements: Requirements;
  readonly refusals: readonly Refusal[];
}

const NOTHING: Requirements = { approvals: 1, groups: undefined, expiresAfter: '4h' };

/** Evaluates a plan: each effect with the rules about the Kubernetes API, their number with the limits, the risk with the lines of `approvals`. */
export function judgePlan(set: PolicySet, actionNamespace: string, effects: readonly Effect[], risk: RiskLevel): PlanVerdict {
  const refusals: Refusal[] = [...set.refusals, ...judgeHighRisk(set, effects).refusals];
  for (const effect of effects) {
    const { refusal } = judgeApiRequest(set, actionNamespace, { ...effect, namespace: effect.namespace, name: effect.name });
    if (refusal) refusals.push(refusal);
  }
  for (const dependant of deletedDependants(effects)) {
    const refusal = forbiddenDependant(set, actionNamespace, dependant);
    if (refusal) refusals.push(refusal);
  }
  if (!set.policies.some(({ kind, spec }) => kind === 'ClusterAgentPolicy' && spec?.approvals !== undefined))
    refusals.push({
      code: 'ApprovalRuleMissing',
      policy: 'Sentinel',
      rule: 'approvals',
      message: 'no ClusterAgentPolicy says who may approve',
    });
  let requirements: Requirements | undefined;
  for (const policy of set.policies) {
    const limit = policy.spec?.limits?.objects;
    if (limit !== undefined && effects.length > limit) {
      refusals.push({
        code: 'ObjectLimitExceeded',
        policy: policyName(policy),
        rule: 'limits.objects',
        message: `the plan changes ${effects.length} objects; at most ${limit} are allowed`,
      });
    }
    if (!policy.spec?.approvals) continue;
    const line = approvalLine(policy.spec.approvals, risk);
    if (!line) {
      refusals.push({
        code: 'RiskNotCovered',
        policy: policyName(policy),
        rule: 'approvals',
        message: `no entry of \`approvals\` covers the risk '${risk}'`,
      });
      continue;
    }
    const { approvals, groups, expiresAfter, standing } = line;
    requirements = strictest(requirements, {
      approvals,
      groups,
      expiresAfter,
      ...(standing === undefined ? {} : { standing }),
    });
  }
  requirements = withReasons(set, withIdentities(set, requirements));
  if (requirements?.groups?.length === 0 || requirements?.approverGroups?.length === 0) {
    refusals.push({
      code: 'ApproverGroupsDisjoint',
      policy: 'Sentinel',
      rule: 'approvals.groups',
      message: `nobody could approve: ${noCommonGroup(requirements)}`,
    });
  }
  return { requirements: requirements ?? NOTHING, refusals };
}

/**
 * Why nobody can approve, according to the lists of groups; undefined if somebody can. Each policy alone may be valid: the conflict is between
 * several policies, or between the requirements of the plan and the current ones.
 */
export function approversFault(requirements: Requirements): string | undefined {
  const { approvals, autoReview, groups, approverGroups, refuseGroups = [] } = requirements;
  if (autoReview === true && approvals === 0) return undefined;
  if (groups?.length === 0 || approverGroups?.length === 0) return noCommonGroup({ groups });
  const refused = [groups, approverGroups].find((list) => list?.every((group) => refuseGroups.includes(group)));
  return (
    refused && `each group that may approve (${refused.join(', ')}) is in \`spec.identity.refuseGroups\` of a ClusterAgentPolicy`
  );
}

const noCommonGroup = ({ groups }: Pick<Requirements, 'groups'>): string =>
  groups?.length === 0
    ? 'the policies have no common group in `approvals[].groups`'
    : 'the ClusterAgentPolicies have no common group in `identity.approverGroups`';

/** The stricter of two requirements, in each respect: more approvals, fewer groups, sooner expiry, shorter standing approvals or none. */
export function strictest(a: Requirements | undefined, b: Requirements): Requirements {
  if (!a) return b;
  const approverGroups = intersect(a.approverGroups, b.approverGroups);
  const refuseGroups = [...new Set([...(a.refuseGroups ?? []), ...(b.refuseGroups ?? [])])].sort();
  const autoReview = a.autoReview === true && b.autoReview === true;
  const reasons = combineReasons(a.reasons, b.reasons);
  const standing = shorterOrNone(a.standing, b.standing);
  return {
    approvals: Math.max(a.approvals, b.approvals),
    ...(autoReview ? { autoReview } : {}),
    groups: intersect(a.groups, b.groups),
    expiresAfter: shorter(a.expiresAfter, b.expiresAfter),
    ...(approverGroups === undefined ? {} : { approverGroups }),
    ...(refuseGroups.length === 0 ? {} : { refuseGroups }),
    ...(standing === undefined ? {} : { standing }),
    ...(reasons === undefined ? {} : { reasons }),
  };
}

// The general rules about approvers are outside the `approvals` lines, also in a policy without lines.
function withIdentities(set: PolicySet, requirements: Requirements | undefined): Requirements | undefined {
  return set.policies.reduce<Requirements | undefined>((sum, { spec }) => {
    if (!sum || !spec?.identity) return sum;
    return strictest(sum, {
      approvals: 0,
      groups: undefined,
      expiresAfter: sum.expiresAfter,
      standing: sum.standing,
      ...spec.identity,
    });
  }, requirements);
}

// Like the rules about approvers, they are outside the `approvals` lines, also in a policy without lines.
function withReasons(set: PolicySet, requirements: Requirements | undefined): Requirements | undefined {
  const reasons = requiredReasons(set, 'approvals');
  return requirements && reasons ? { ...requirements, reasons } : requirements;
}

function intersect(a: readonly string[] | undefined, b: readonly string[] | undefined): readonly string[] | undefined {
  if (!a) return b;
  if (!b) return a;
  return a.filter((group) => b.includes(group));
}

/** How long one Job may run, in seconds: the shortest time of all policies; 15 minutes if no policy sets it. */
export function jobSeconds(set: PolicySet): number {
  const limits = set.policies.map((policy) => policy.spec?.limits?.duration).filter((limit) => limit !== undefined);
  return Math.min(900, ...limits.map(seconds));
}

/** The maximum age of a record that the sink has not acknowledged, in seconds: the shortest of the policies that require a sink; 0 if one sets none. */
export function allowedLag(set: PolicySet): number {
  const lags = set.policies
    .filter(({ spec }) => spec?.audit?.requireSink)
    .map(({ spec }) => (spec?.audit?.maxLag === undefined ? 0 : seconds(spec.audit.maxLag)));
  return lags.length === 0 ? 0 : Math.min(...lags);
}

/** Whether a policy requires an evidence store that answers before a real run. */
export function requiresEvidence(set: PolicySet): boolean {
  return set.policies.some((policy) => policy.spec?.evidence?.required);
}

/** Whether a policy requires an acknowledging sink before a real run. */
export function requiresSink(set: PolicySet): boolean {
  return set.policies.some((policy) => policy.spec?.audit?.requireSink);
}
