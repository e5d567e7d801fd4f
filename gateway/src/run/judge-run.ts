import {
  type ActionPlan,
  type AgentAction,
  actionPlans,
  digestOf,
  type Effect,
  type RiskLevel,
  type StageStatus,
} from '@sentinel/crds';
import type { KubeClient } from '@sentinel/kube';
import {
  asksOf,
  computeRisk,
  evaluatePlan,
  hasOwnSteps,
  judgeHighRisk,
  type PlanFacts,
  undeclaredEffects,
} from '@sentinel/policy';
import { askForDeciders } from '../enforce/deciders.ts';
import { type GatheredFacts, gatherFacts } from '../enforce/gather-facts.ts';
import { endingOf, startRefusal } from '../enforce/permission.ts';
import { actionFaults, planFaults } from '../enforce/plan-faults.ts';
import type { ActionRef, Claim } from '../ledger/claim.ts';
import type { Ledger } from '../ledger/store.ts';
import type { SealedRecording } from '../rehearse/sealed-recording.ts';
import { refuseClaim } from '../request/refused.ts';

const WHYS = 4;

/** The plan of a real run, if its digest is the one that the action and the stage name. Throws Refused otherwise. */
export async function readPlan(client: KubeClient, action: AgentAction, stage: StageStatus): Promise<ActionPlan> {
  const { plan: summary } = action.status ?? {};
  if (!summary || stage.plan !== summary.digest) throw refuseClaim('PlanNotRecorded', 'the run is not that of the current plan');
  const plan = await client.get(actionPlans, { name: summary.name, namespace: action.metadata.namespace });
  if (!plan || digestOf(plan.spec) !== summary.digest)
    throw refuseClaim('PlanNotRecorded', 'the plan is gone or is not what was approved');
  if (plan.spec.action.uid !== action.metadata.uid) throw refuseClaim('PlanNotRecorded', 'the plan is for another action');
  return plan;
}

/** Why a run is evaluated: it is claimed, another replica takes it over, or a person orders one of its effects to be sent again. */
export type Moment = 'claim' | 'take-over' | 'redo';

/**
 * Compares a plan with the recording of the gateway and with everything that policy requires for a start now; approvals must be valid at
 * `approvedAt`, and freezes hold a start. Answers with the facts, with the risk of what was recorded, by the gateway's own reckoning, and
 * with what the recording says of it. A plan that the gateway claimed was compared with its recording then, by the version that sealed it, so that
 * is not done again; and a run that is taken over keeps the risk of its claim. Throws Refused.
 */
export async function judgeRun(
  client: KubeClient,
  ledger: Ledger,
  ref: ActionRef,
  run: {
    readonly plan: ActionPlan;
    readonly digest: string;
    readonly approvedAt: number;
    readonly moment: Moment;
    readonly claimed?: Pick<Claim, 'plan' | 'risk'> | undefined;
  },
): Promise<{
  readonly gathered: GatheredFacts;
  readonly risk: RiskLevel;
  readonly parent: string | undefined;
  readonly recordedAt: number;
}> {
  const { plan, digest, approvedAt, moment, claimed } = run;
  if (claimed && claimed.plan !== digest) throw refuseClaim('PlanNotRecorded', 'the run was claimed with another plan');
  const recording = plan.spec.recording && (await ledger.recording<SealedRecording>(plan.spec.recording.job));
  const recordedAt = recording?.sealedAt ?? 0;
  const claimedAt = moment === 'claim' ? undefined : approvedAt;
  const gathered = await gatherFacts(client, ref, { plan, digest, recordedAt, claimedAt }, approvedAt);
  const faults = claimed ? actionFaults(gathered.action, recording) : planFaults(gathered.action, plan, recording);
  if (faults.length > 0 || !recording)
    throw refuseClaim('PlanNotRecorded', `the plan is not what the gateway recorded: ${faults.slice(0, 4).join('; ')}`);
  // A freeze applies to starts and to a redo after the end; a run that another replica has claimed continues.
  const { parent } = recording.action;
  const refusal = endingOf(gathered, parent) ?? (moment === 'take-over' ? undefined : startRefusal(gathered));
  if (refusal !== undefined) throw refuseClaim('NotApproved', refusal);
  const reckoned = () => riskOf(gathered.facts, recording, recording.draft?.plan.effects ?? []);
  const risk = (moment === 'take-over' ? claimed?.risk : undefined) ?? reckoned();
  // Rights are checked once, at the claim: a run that another replica has claimed has started already.
  const deciders = moment === 'claim' ? await askForDeciders(client, { ...gathered.facts, risk }) : undefined;
  const { refused, approved, tally } = evaluatePlan({ ...gathered.facts, risk, deciders });
  if (tally.rejectedBy) throw refuseClaim('NotApproved', `the action was rejected by '${tally.rejectedBy.user}'`);
  if (refused !== undefined) throw refuseClaim('NotApproved', refused);
  const whys = [...tally.standing, ...tally.judged].flatMap(({ why }) => (why === undefined ? [] : [why])).slice(0, WHYS);
  if (!approved)
    throw refuseClaim('NotApproved', ['the plan does not have the approvals that policy requires', ...whys].join(': '));
  return { gathered, risk, parent, recordedAt };
}

// From the effects in full, which the plan may hide. What only the operator counts can raise it further.
function riskOf(
  { policies, playbook, action }: PlanFacts,
  { effects, notObservable }: SealedRecording,
  shown: readonly Effect[],
): RiskLevel {
  const indexed = effects.map((effect, index) => ({ ...effect, index }));
  return computeRisk({
    effects: indexed,
    shown,
    undeclared: undeclaredEffects(action, indexed),
    notObservable,
    environment: policies.environment,
    floor: playbook?.spec.risk?.floor,
    raised: judgeHighRisk(policies, indexed).raised,
    ownSteps: hasOwnSteps(action.spec),
    asks: playbook ? asksOf(policies, playbook.spec, action.spec) : [],
    hasRollback: playbook?.spec.rollback?.from === 'PreImages',
  }).level;
}
