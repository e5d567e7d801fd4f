import { type ActionPlanSpec, digestOf, type PlanDraft, type RiskPart } from '@sentinel/crds';
import { limitReasons, runsMissing, withAutoReview } from '../approval/auto-review.ts';
import { possibleHistory, sumParts } from '../risk/index.ts';
import { requiredOf } from './required.ts';

/** What the operator alone counts. It can only make a plan more risky, and its start harder. */
export interface Counted {
  /** The parts of the risk that earlier runs add. */
  readonly history: readonly RiskPart[];
  /** How many runs of the Playbook succeeded since one failed; undefined where that was not counted. */
  readonly succeeded: number | undefined;
}

/** The whole plan: what the gateway reckoned and sealed, and what the operator counts. */
export function completePlan(
  draft: PlanDraft,
  recording: NonNullable<ActionPlanSpec['recording']>,
  { history, succeeded }: Counted,
): ActionPlanSpec {
  const risk = sumParts([...draft.parts, ...history]);
  const at = draft.byRisk[risk.level];
  if (!at) throw new Error(`the draft of the plan says nothing of the risk '${risk.level}'`);
  const reasons = at.reasons && limitReasons([...runsMissing(succeeded, at.runs), ...at.reasons]);
  const { groups, ...required } = at.required;
  return {
    ...draft.plan,
    recording,
    risk,
    required: {
      ...requiredOf(withAutoReview({ ...required, groups }, reasons)),
      ...(reasons?.length ? { personBecause: reasons } : {}),
    },
  };
}

const RUNS = /^(\d{1,6}) of \d+ runs of it have succeeded here since one failed$/;

/** What the operator counted, as a plan says it: only what a count could have come to. */
export function countedIn({ risk, required, effects }: ActionPlanSpec, draft: PlanDraft): Counted {
  const possible = new Set(possibleHistory(draft.history, effects.length).map(digestOf));
  const history = risk.parts.filter((part) => possible.has(digestOf(part)));
  const runs = RUNS.exec(required.personBecause?.[0] ?? '')?.[1];
  return {
    history: history.filter(({ rule }, index) => history.findIndex((one) => one.rule === rule) === index),
    succeeded: runs === undefined ? undefined : Number(runs),
  };
}

/**
 * Where a plan is not the one that the gateway sealed, completed by what the operator may count: the paths of the fields. Empty when
 * it is that plan.
 */
export function planDifferences(plan: ActionPlanSpec, draft: PlanDraft): string[] {
  if (!plan.recording) return ['recording'];
  const { job, digest } = plan.recording;
  const counted = countedIn(plan, draft);
  if (!draft.byRisk[sumParts([...draft.parts, ...counted.history]).level]) return ['risk'];
  return differencesBetween(completePlan(draft, { job, digest }, counted), plan);
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null;

function differencesBetween(wanted: unknown, found: unknown, path = ''): string[] {
  if (!isRecord(wanted) || !isRecord(found) || Array.isArray(wanted) !== Array.isArray(found))
    return wanted === found ? [] : [path];
  const inside = (key: string) => (Array.isArray(wanted) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`);
  return [...new Set([...Object.keys(wanted), ...Object.keys(found)])].flatMap((key) =>
    differencesBetween(wanted[key], found[key], inside(key)),
  );
}
