import { type ActionPlanSpec, type AgentAction, annotations, type Effect, type Playbook, type RiskLevel } from '@sentinel/crds';
import { isAdHoc } from '../ad-hoc.ts';
import { admit } from '../admit.ts';
import { whyPerson, withAutoReview } from '../auto-review.ts';
import { dataHandling } from '../data/handling.ts';
import { withoutQuotes } from '../data/keep.ts';
import { isApproved, type Tally, tallyDecisions } from '../decisions.ts';
import { judgeHighRisk } from '../high-risk.ts';
import { approverClaimFault, judgeAgent } from '../identities.ts';
import type { Identity } from '../identity.ts';
import { higher } from '../order.ts';
import type { PolicySet } from '../policies.ts';
import { judgePlan, type Requirements, strictest } from '../requirements.ts';
import type { SealKeys } from '../seal.ts';
import { asksOf } from '../steps.ts';
import type { Trust } from '../trust.ts';
import { explainAll, type Refusal } from '../verdict.ts';

/** Everything on which it depends whether an approved plan may start, and whether a write of its run may go on. */
export interface PlanFacts {
  readonly action: Pick<AgentAction, 'metadata' | 'spec' | 'status'>;
  readonly plan: ActionPlanSpec;
  /** The digest that people approved. */
  readonly digest: string;
  readonly requester: Identity;
  /** Who else edited the spec. */
  readonly editors: readonly Identity[];
  readonly policies: PolicySet;
  /** The Playbook as it was admitted; undefined when nobody has it any more. */
  readonly playbook: Playbook | undefined;
  readonly trust: Trust;
  /** Whether the requester holds the verb `use` on the account; undefined where it could not be asked. */
  readonly mayUseAccount: boolean | undefined;
  readonly keys: SealKeys;
  /** The least that the risk is, beside what the plan says: what the caller found out by itself. */
  readonly risk?: RiskLevel;
  /** How many runs of the Playbook succeeded since one failed; undefined where they were not counted. */
  readonly succeeded: number | undefined;
  /** Refusals of limits, where the caller knows what else runs. */
  readonly limits: readonly Refusal[];
  /** The moment for which approvals must be good, in milliseconds since the epoch. */
  readonly now: number;
}

/** What policy says of a plan now. */
export interface PlanEvaluation {
  readonly requirements: Requirements;
  readonly tally: Tally;
  readonly approved: boolean;
  /** Why the plan may not start or go on, in a sentence for people; undefined when policy lets it. */
  readonly refused: string | undefined;
}

/**
 * The one evaluation of a plan: the operator asks it before the start, the gateway at the claim and again before each write, each with
 * facts that it gathered itself. The stricter of what policy required when the plan was made and what it requires now holds.
 */
export function evaluatePlan(facts: PlanFacts): PlanEvaluation {
  const { action, plan, policies } = facts;
  const namespace = action.metadata.namespace ?? '';
  const risk = riskOf(facts);
  const verdict = judgePlan(policies, namespace, plan.effects, risk);
  const requirements = requirementsOf(facts, verdict.requirements, risk);
  const tally = tallyDecisions({
    approvals: action.metadata.annotations?.[annotations.approvals],
    actionUid: action.metadata.uid ?? '',
    plan: facts.digest,
    requester: facts.requester,
    editors: facts.editors,
    requirements,
    keys: facts.keys,
    claimFault: (claims) => approverClaimFault(policies, claims),
    notBefore: action.status?.resumedAt === undefined ? undefined : Date.parse(action.status.resumedAt),
    now: facts.now,
  });
  return {
    requirements,
    tally,
    approved: isApproved(tally, requirements),
    refused: refusedBy(facts, [...verdict.refusals, ...facts.limits]),
  };
}

// Rules about high risk may have come since. What else makes up a risk was seen in the rehearsal, and is pinned with it.
function riskOf({ policies, plan, risk }: PlanFacts): RiskLevel {
  const least = risk === undefined ? plan.risk.level : higher(risk, plan.risk.level);
  return judgeHighRisk(policies, plan.effects).raised.reduce((worst, { level }) => higher(worst, level ?? 'Low'), least);
}

function requirementsOf(facts: PlanFacts, now: Requirements, risk: RiskLevel): Requirements {
  const { plan, action } = facts;
  const then: Requirements = { ...plan.required, groups: plan.required.groups };
  // Lifting a suspension resumes nothing by itself, so what was suspended waits for a person from then on.
  if (!then.autoReview || action.status?.resumedAt !== undefined) return strictest(then, now);
  return strictest(then, withAutoReview(now, reasonsForPerson(facts, plan.effects, risk)));
}

/** Why effects of a plan need a person by the policies of now; see `whyPerson`. */
export function reasonsForPerson(
  facts: Pick<PlanFacts, 'action' | 'plan' | 'policies' | 'playbook' | 'trust' | 'succeeded'>,
  effects: readonly Effect[],
  risk: RiskLevel,
): string[] | undefined {
  const { action, plan, policies, playbook, trust, succeeded } = facts;
  return whyPerson({
    policies,
    namespace: action.metadata.namespace ?? '',
    effects,
    risk,
    playbook,
    trust,
    adHoc: isAdHoc(action.spec),
    undeclared: plan.undeclared ?? [],
    notObservable: plan.notObservable ?? [],
    asks: playbook ? asksOf(policies, playbook.spec, action.spec.parameters) : [],
    succeeded,
  });
}

function refusedBy(facts: PlanFacts, byPlan: readonly Refusal[]): string | undefined {
  const { plan, policies, action } = facts;
  if (!facts.playbook) return 'the Playbook changed after the action was admitted. File the action again.';
  if (plan.environment !== policies.environment)
    return `the environment of the namespace changed from '${plan.environment ?? 'none'}' to '${policies.environment ?? 'none'}' after the rehearsal. File the action again.`;
  const refusals = [...byPlan, ...judgeAgent(policies, facts.requester), ...admit({ ...facts, spec: action.spec })];
  return refusals.length > 0
    ? `policy is stricter now: ${explainAll(withoutQuotes(dataHandling(policies), refusals))}`
    : undefined;
}
