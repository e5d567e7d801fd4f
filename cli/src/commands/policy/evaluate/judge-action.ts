import { type AgentActionSpec, count, type Playbook } from '@sentinel/crds';
import {
  admit,
  autoReviewAt,
  fillSteps,
  judgeAgent,
  judgePlan,
  judgeSteps,
  type PolicySet,
  resolveParameters,
  type Trust,
} from '@sentinel/policy';
import { familyOfCase, judgeFamily, judgeFamilyBudget } from '../input/lineage-facts.ts';
import type { Question } from '../input/question.ts';
import { withGroups } from '../input/sources.ts';
import { effectsOf } from './effects.ts';
import { type Because, denial, type Needs, reasonOf, waits } from './reason.ts';
import { judgeRehearsed, type PlanJudged } from './rehearsed.ts';
import { TAKEN_FOR_GIVEN, type Work, workOf } from './work.ts';

interface ActionJudged {
  readonly because: readonly Because[];
  readonly needs?: Needs;
}

/**
 * Evaluates an action: its admission, its lineage, and the plan that its rehearsal would lead to, if the question describes the effects.
 * Without effects, the least that any plan of it needs is reported.
 */
export function judgeAction(
  question: Question,
  action: AgentActionSpec,
  set: PolicySet,
  playbooks: readonly Playbook[],
): ActionJudged {
  const { namespace } = question;
  const requester = withGroups({ user: question.as, groups: question.groups });
  const trust: Trust = question.trusted ? TAKEN_FOR_GIVEN : { trusted: false, why: 'nobody has sealed its digest' };
  const filed = { metadata: { name: 'asked', namespace }, spec: action };
  const work = workOf(filed, playbooks, trust);
  const family = familyOfCase(question.parent, action, requester);
  const refusals = [
    ...judgeAgent(set, requester),
    ...admit({ spec: action, policies: set, playbook: work.playbook, trust: work.trust, mayUseAccount: question.mayUseAccount }),
    ...judgeFamily(set, action, requester, family),
  ];
  if (refusals.length > 0 || !work.playbook) return { because: refusals.map(denial) };
  const because = [...asksOfSteps(set, work.playbook, action), PASSES];
  if (question.effects === undefined) return beforeRehearsal(question, action, set, work, because);
  const effects = effectsOf(question.effects, namespace);
  if (effects.length === 0) return { because: [...because, NOTHING] };
  if (work.playbook.spec.sandbox.profile === 'Observe') return { because: [READS_ONLY] };
  const judged = judgeRehearsed(set, { action: filed, work, effects, succeeded: question.succeeded ?? 0 });
  const denied = [...judged.refusals, ...judgeFamilyBudget(set, family, effects.length)];
  if (denied.length > 0) return { because: denied.map(denial) };
  const needs = { risk: judged.risk.level, ...judged.requirements };
  if (action.mode === 'DryRun') return { because: [...because, PLANNED] };
  return { because: [...because, ...ofReview(set, judged)], needs };
}

const built = (rule: string, decision: Because['decision'], message: string): Because => ({
  policy: 'Sentinel',
  rule,
  decision,
  message,
});
const PASSES = built('admission', 'Allow', 'it may be rehearsed');
const NOTHING = built('effects', 'Allow', 'if the rehearsal finds nothing to change, the action ends with success');
/** Why a DryRun needs no approval. */
export const PLANNED = built('mode', 'Allow', 'a DryRun ends with its plan');
const READS_ONLY: Because = {
  ...built('sandbox.profile', 'Deny', "the profile of the Playbook is 'Observe': any write fails"),
  remedy: "Use a Playbook whose profile is 'Change'.",
};

function asksOfSteps(set: PolicySet, { spec }: Playbook, { parameters, rollbackOf }: AgentActionSpec): Because[] {
  // The steps of a rollback are Sentinel's own.
  if (rollbackOf) return [];
  const { values } = resolveParameters(spec, parameters);
  return judgeSteps(set, fillSteps([...spec.steps, ...(spec.verify ?? [])], values)).asks.map(({ step, reason }) => ({
    ...reasonOf(reason),
    message: `step '${step}': ${reasonOf(reason).message}`,
  }));
}

// Its changes are only known after its rehearsal; the least that any plan of it needs is known now.
function beforeRehearsal(
  question: Question,
  action: AgentActionSpec,
  set: PolicySet,
  work: Work,
  because: readonly Because[],
): ActionJudged {
  const { playbook } = work;
  if (!playbook || action.mode !== 'Apply' || playbook.spec.sandbox.profile === 'Observe') return { because };
  const least = judgeRehearsed(set, {
    action: { metadata: { name: 'asked', namespace: question.namespace }, spec: action },
    work,
    effects: [],
    succeeded: question.succeeded,
  });
  const { refusals, requirements } = judgePlan({ ...set, refusals: [] }, question.namespace, [], least.risk.level);
  if (refusals.length > 0) return { because: refusals.map(denial) };
  const risk = least.risk.level;
  return { because: [...because, waits(risk, requirements)], needs: { risk, ...requirements } };
}

/** Why a plan may start without a person, or why it waits for one: the lines of policies, or the reasons. */
export function ofReview(set: PolicySet, { risk, requirements, person }: PlanJudged): Because[] {
  if (!requirements.autoReview)
    return [
      waits(risk.level, requirements),
      ...(person ?? []).map((message) => built('autoReview', 'RequireApproval', `needs a person: ${message}`)),
    ];
  return autoReviewAt(set, risk.level).lines.map(({ policy, path, runs }) => ({
    policy,
    rule: `${path}.autoReview`,
    decision: 'Allow' as const,
    message: `a plan of risk ${risk.level} starts without a person${runs > 0 ? ` after ${count(runs, 'run')} that succeeded` : ''}`,
  }));
}
