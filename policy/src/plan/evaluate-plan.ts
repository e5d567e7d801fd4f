import { type ActionPlanSpec, type AgentAction, annotations, type Effect, type Playbook, type RiskLevel } from '@sentinel/crds';
import { isAdHoc } from '../admission/ad-hoc.ts';
import { admit } from '../admission/admit.ts';
import { judgeRounds, roundOf } from '../admission/amendment.ts';
import { asksOf } from '../admission/steps.ts';
import { whyPerson, withAutoReview } from '../approval/auto-review.ts';
import { hasRequestedChanges } from '../approval/changes.ts';
import { approversFault, judgePlan, type Requirements, strictest } from '../approval/requirements.ts';
import type { SealKeys } from '../approval/seal.ts';
import { isApproved, reliesOnStanding, type Tally, tallyDecisions } from '../approval/tally.ts';
import type { Trust } from '../approval/trust.ts';
import { dataHandling } from '../data/handling.ts';
import { withoutQuotes } from '../data/keep.ts';
import { approverClaimFault, judgeAgent } from '../identity/identities.ts';
import { claimedAuthors, type Identity } from '../identity/identity.ts';
import { type DeciderRights, exemptBy } from '../identity/separation.ts';
import type { PolicySet } from '../policyset/policy-set.ts';
import { judgeHighRisk } from '../rules/high-risk.ts';
import { higher } from '../verdict/order.ts';
import { type PolicyErrorCode, remedyOf } from '../verdict/policy-errors.ts';
import { codesOf, explainAll, type Refusal } from '../verdict/verdict.ts';
import { standingFacts } from './standing-facts.ts';

/** The facts that decide whether an approved plan may start, and whether its run may continue. */
export interface PlanFacts {
  readonly action: Pick<AgentAction, 'metadata' | 'spec' | 'status'>;
  readonly plan: ActionPlanSpec;
  /** The digest that people approved. */
  readonly digest: string;
  readonly requester: Identity;
  /** The other editors of the spec. */
  readonly editors: readonly Identity[];
  readonly policies: PolicySet;
  /** The Playbook as it was admitted; undefined if no copy of it exists. */
  readonly playbook: Playbook | undefined;
  /** The Playbook as it is now, with the standing approvals in its annotations; undefined if it does not exist or has changed. */
  readonly live?: Playbook | undefined;
  readonly trust: Trust;
  /** Whether the requester has the verb `use` on the account; undefined if that could not be checked. */
  readonly mayUseAccount: boolean | undefined;
  readonly keys: SealKeys;
  /** The current rights of the approvers; undefined if they were not checked. */
  readonly deciders?: ReadonlyMap<string, DeciderRights> | undefined;
  /** The lowest risk according to facts of the caller, in addition to the risk in the plan. */
  readonly risk?: RiskLevel;
  /** How many runs of the Playbook succeeded since one failed; undefined where they were not counted. */
  readonly succeeded: number | undefined;
  /** Refusals of limits, where the caller knows what else runs. */
  readonly limits: readonly Refusal[];
  /**
   * When the last suspension of the plan was lifted, beside what the status says: what the caller saw by itself. In milliseconds since
   * the epoch; undefined when none was.
   */
  readonly resumedAt?: number | undefined;
  /** The time at which approvals must be valid, in milliseconds since the epoch. */
  readonly now: number;
}

/** The evaluation of a plan by the current policies. */
export interface PlanEvaluation {
  readonly requirements: Requirements;
  readonly tally: Tally;
  readonly approved: boolean;
  /** Whether it is approved only because of standing approvals: then nobody needs to have seen the plan. */
  readonly inAdvance: boolean;
  /** Why the plan may not start or continue, as a sentence; undefined if policy allows it. */
  readonly refused: string | undefined;
  /** The codes of the reasons for which it is refused; empty when policy lets it. */
  readonly codes: readonly PolicyErrorCode[];
}

/**
 * The single evaluation of a plan: used by the operator before the start, by the gateway at the claim and again before each write, each with
 * facts that it gathered itself. The stricter of the requirements in the plan and the current ones counts.
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
    editors: [...facts.editors, ...claimedAuthors(action.spec)],
    onBehalfOf: action.spec.onBehalfOf?.user,
    requirements,
    keys: facts.keys,
    agents: policies.agents,
    deciders: facts.deciders,
    exemptBy: (approver) => exemptBy(policies, approver),
    claimFault: (claims) => approverClaimFault(policies, claims),
    notBefore: resumedAt(facts),
    standing: standingFacts({ ...facts, risk, wasSuspended: resumedAt(facts) !== undefined }),
    now: facts.now,
  });
  const refused = refusedBy(facts, [...verdict.refusals, ...facts.limits]) ?? unapprovable(plan, requirements);
  return {
    requirements,
    tally,
    approved: isApproved(tally, requirements),
    inAdvance: reliesOnStanding(tally, requirements),
    refused: refused?.why,
    codes: refused?.codes ?? [],
  };
}

function resumedAt({ action, resumedAt: seen }: PlanFacts): number | undefined {
  const said = action.status?.resumedAt === undefined ? undefined : Date.parse(action.status.resumedAt);
  return said === undefined || seen === undefined ? (said ?? seen) : Math.max(said, seen);
}

// Rules about high risk may have come since. What else makes up a risk was seen in the rehearsal, and is pinned with it.
function riskOf({ policies, plan, risk }: PlanFacts): RiskLevel {
  const least = risk === undefined ? plan.risk.level : higher(risk, plan.risk.level);
  return judgeHighRisk(policies, plan.effects).raised.reduce((worst, { level }) => higher(worst, level ?? 'Low'), least);
}

function requirementsOf(facts: PlanFacts, now: Requirements, risk: RiskLevel): Requirements {
  const { plan } = facts;
  const then: Requirements = { ...plan.required, groups: plan.required.groups };
  // Turning the kill switch off resumes nothing, so a suspended action needs a person after that.
  if (!then.autoReview || resumedAt(facts) !== undefined) return strictest(then, now);
  return strictest(then, withAutoReview(now, reasonsForPerson(facts, plan.effects, risk)));
}

/** Why effects of a plan need a person according to the current policies; see `whyPerson`. */
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
    hasRequestedChanges: hasRequestedChanges(action.metadata.annotations?.[annotations.approvals]),
    isAmendment: plan.amends !== undefined,
    asks: playbook ? asksOf(policies, playbook.spec, action.spec) : [],
    succeeded,
  });
}

// Waiting would not help. A new rehearsal makes a plan for the current policies.
function unapprovable({ required }: ActionPlanSpec, requirements: Requirements): Refused | undefined {
  const fault = approversFault(requirements);
  if (fault === undefined) return undefined;
  const then = required.groups === undefined ? '' : ` The plan was made when it took a member of ${required.groups.join(', ')}.`;
  const why = `policy has changed, and nobody can approve the plan any more: ${fault}.${then} ${remedyOf('ApproversMissing')}`;
  return { why, codes: ['ApproversMissing'] };
}

interface Refused {
  readonly why: string;
  readonly codes: readonly PolicyErrorCode[];
}

function refusedBy(facts: PlanFacts, byPlan: readonly Refusal[]): Refused | undefined {
  const { plan, policies, action } = facts;
  if (!facts.playbook)
    return {
      why: `the Playbook changed after the action was admitted. ${remedyOf('PlaybookChanged')}`,
      codes: ['PlaybookChanged'],
    };
  if (plan.environment !== policies.environment)
    return {
      why: `the environment of the namespace changed from '${plan.environment ?? 'none'}' to '${policies.environment ?? 'none'}' after the rehearsal. ${remedyOf('EnvironmentChanged')}`,
      codes: ['EnvironmentChanged'],
    };
  const refusals = [
    ...byPlan,
    ...judgeRounds(policies, roundOf(plan)),
    ...judgeAgent(policies, facts.requester),
    ...admit({ ...facts, spec: action.spec }),
  ];
  if (refusals.length === 0) return undefined;
  const why = `policy is stricter now: ${explainAll(withoutQuotes(dataHandling(policies), refusals))}`;
  return { why, codes: codesOf(refusals) };
}
