import { type ActionPlanSpec, count, type Effect, type PlanDraft, type RunReport } from '@sentinel/crds';
import { visible } from '@sentinel/kube';
import {
  auditPlan,
  codesOf,
  completePlan,
  explainAll,
  historyOf,
  judgeBudget,
  judgePlan,
  partsOfHistory,
  planName,
  policyName,
  type Refusal,
  runsSinceFailure,
  summarizeEffects,
} from '@sentinel/policy';
import { activityOf, targetsOf } from '../../facts/activity.ts';
import type { Facts } from '../../facts/facts.ts';
import { noteRefusals } from '../../metrics.ts';
import { condition, enter } from '../../status/conditions.ts';
import { record } from '../../status/record.ts';
import { cut } from '../../status/text.ts';
import type { ActContext, Pass } from '../context.ts';
import { end } from '../end/end.ts';
import { evidenceDetails } from '../evidence/store-evidence.ts';
import { describeDifference } from './describe-difference.ts';
import { noteApprovers, unmetOf } from './note-approvers.ts';
import { storePlan } from './store-plan.ts';

/** The recording of a rehearsal, as sealed by the gateway. */
type Recorded = NonNullable<RunReport['recorded']>;

/**
 * Makes the plan from the sealed recording. Without an effect the action has succeeded. If policy refuses the plan, the action ends. Otherwise
 * the plan waits for approval. Returns why the plan cannot be stored, if it cannot: then nothing was done.
 */
export async function writePlan(
  context: ActContext,
  pass: Pass,
  recorded: Recorded,
  statement: string | undefined,
): Promise<string | undefined> {
  const { facts, draft, action, now } = pass;
  const effects: Effect[] = recorded.effects.map((effect, index) => ({ ...effect, index }));
  if (effects.length === 0 && recorded.fault === undefined) {
    condition(draft, 'Rehearsed', 'True', 'Satisfied', 'the rehearsal found nothing to change', now);
    end(pass, 'NoEffect', 'the rehearsal found nothing to change, so no run is needed');
    return undefined;
  }
  if (!recorded.draft) {
    const why = `the gateway made no plan of the rehearsal: ${recorded.fault ?? 'it gave no reason'}. Create the action again.`;
    condition(draft, 'Rehearsed', 'False', 'Failed', why, now);
    end(pass, 'RehearsalFailed', why);
    return undefined;
  }
  const planned = tryPlan(facts, effects, { ...recorded, draft: recorded.draft });
  if ('fault' in planned) return planned.fault;
  const { spec: made, refusals } = planned;
  pass.afterwards.push(async () => noteRefusals(refusals));
  const name = planName(action.metadata.name, draft.attempt ?? 1);
  const stored = await storePlan(context, pass, name, { spec: made, draft: recorded.draft, parts: recorded.parts ?? [] });
  if ('conflict' in stored) return stored.conflict;
  await notePlan(context, pass, { ...stored, name, effects, refusals, statement });
  return undefined;
}

// A recording that was sealed by another version may never result in a plan of this version, so a retry would not help.
function tryPlan(...args: Parameters<typeof planOf>): ReturnType<typeof planOf> | { readonly fault: string } {
  try {
    return planOf(...args);
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) };
  }
}

interface Noted {
  readonly name: string;
  readonly spec: ActionPlanSpec;
  readonly digest: string;
  readonly effects: readonly Effect[];
  readonly refusals: readonly Refusal[];
  readonly statement: string | undefined;
}

// The plan is stored: updates the status with the next step.
async function notePlan(
  context: ActContext,
  pass: Pass,
  { name, spec, digest, effects, refusals, statement }: Noted,
): Promise<void> {
  const { facts, draft, action, now } = pass;
  draft.plan = {
    name,
    digest,
    risk: spec.risk.level,
    effects: effects.length,
    change: cut(visible(summarizeEffects(spec.effects)), 1024),
    targets: targetsOf(effects),
  };
  draft.required = spec.required;
  // The plan of a blocked run is what its first amendment is compared with.
  if (spec.amends) draft.previousPlan ??= { ...spec.amends.plan };
  const difference = await describeDifference(context, pass, spec);
  condition(draft, 'Rehearsed', 'True', 'Satisfied', `${count(effects.length, 'effect')}, risk ${spec.risk.level}`, now);
  record(
    draft,
    action,
    {
      transition: 'Planned',
      actor: 'sentinel-gateway',
      summary: `${count(effects.length, 'effect')}, risk ${spec.risk.level}: ${effects.slice(0, 3).map(summaryOf).join('; ')}${since(difference)}`,
      plan: digest,
      job: facts.stage?.uid,
      statement,
      details: {
        ...evidenceDetails(pass),
        'sentinel.risk': spec.risk.level,
        'sentinel.risk.score': String(spec.risk.score),
        'sentinel.plan.name': name,
        'sentinel.effects.planned': String(effects.length),
        'sentinel.plan.previous': draft.previousPlan?.digest,
        'sentinel.plan.difference': difference,
        'sentinel.amends.action': spec.amends?.action.name,
        'sentinel.amends.refused': spec.amends?.refused,
        'sentinel.policy.audit_only': explainAll(
          auditPlan(facts.policies, action.metadata.namespace ?? '', effects, spec.risk.level),
          1000,
        ),
      },
    },
    now,
  );
  if (refusals.length > 0) return end(pass, 'Denied', explainAll(refusals), { codes: codesOf(refusals) });
  if (action.spec.mode === 'DryRun')
    return end(
      pass,
      'DryRunCompleted',
      `the plan is in ActionPlan/${name}; no approval was requested, because the mode is DryRun`,
    );
  if (spec.required.autoReview) return letStart(pass, digest);
  await noteApprovers(context, pass);
  condition(
    draft,
    'Approved',
    'Unknown',
    'AwaitingApproval',
    `0 of ${count(spec.required.approvals, 'approval')}${unmetOf(draft)}`,
    now,
  );
  enter(
    draft,
    'AwaitingApproval',
    `${count(effects.length, 'effect')}, risk ${spec.risk.level}: kubectl sentinel plan ${action.metadata.name} -n ${action.metadata.namespace ?? ''}${since(difference)}${unmetOf(draft)}`,
    now,
  );
}

const since = (difference: string | undefined) =>
  difference === undefined ? '' : `. Compared with the plan before: ${difference}`;

// Policy requires no approval. This is evaluated again at the start with live reads, and by the gateway independently.
function letStart({ draft, action, facts, now }: Pass, digest: string): void {
  const why = 'policy lets the plan start without a person';
  condition(draft, 'Approved', 'True', 'NotNeeded', why, now);
  enter(draft, 'Starting', why, now);
  record(
    draft,
    action,
    {
      transition: 'AutoReviewed',
      actor: 'sentinel-operator',
      summary: why,
      plan: digest,
      details: {
        'sentinel.decision': 'approve',
        'sentinel.decision.by': 'Policy',
        'sentinel.policies': facts.policies.policies
          .map((policy) => `${policyName(policy)}@${policy.digest.slice(0, 19)}`)
          .join(' '),
      },
    },
    now,
  );
}

const summaryOf = (effect: Effect) => `${effect.verb} ${effect.resource} ${effect.name}`;

/** The plan of an attempt, computed only from facts, and why policy refuses it, if it does. */
export function planOf(
  facts: Facts,
  effects: readonly Effect[],
  { draft, digest }: { readonly draft: PlanDraft; readonly digest: string },
): { spec: ActionPlanSpec; refusals: readonly Refusal[] } {
  const { action, policies, activity, stage, live } = facts;
  if (!stage) throw new Error('a plan needs a rehearsal');
  const namespace = action.metadata.namespace ?? '';
  const history = historyOf(activity, {
    uid: action.metadata.uid ?? '',
    namespace,
    playbook: activityOf(action).playbook,
    playbookDigest: draft.plan.playbook.digest,
    targets: targetsOf(effects),
  });
  const spec = completePlan(
    draft,
    { job: stage.uid, digest },
    {
      history: partsOfHistory(history),
      // Runs are counted only in live facts.
      succeeded: live ? runsSinceFailure(activityOf(action), activity) : undefined,
    },
  );
  const refusals = [
    ...judgePlan(policies, namespace, effects, spec.risk.level).refusals,
    ...judgeBudget(policies, activityOf(action), activity, effects.length),
  ];
  return { spec, refusals };
}
