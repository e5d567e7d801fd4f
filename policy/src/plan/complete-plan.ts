import { type ActionPlanSpec, digestOf, type PlanDraft, type RiskPart } from '@sentinel/crds';
import { limitReasons, runsMissing, withAutoReview } from '../approval/auto-review.ts';
import { possibleHistory, sumParts } from '../risk/index.ts';
import { requiredOf } from './required.ts';

/** The facts that only the operator counts. They can only raise the risk and the requirements of a plan. */
export interface Counted {
  /** The parts of the risk that earlier runs add. */
  readonly history: readonly RiskPart[];
  /** How many runs of the Playbook succeeded since one failed; undefined where that was not counted. */
  readonly succeeded: number | undefined;
}

/** The complete plan: the part that the gateway computed and sealed, and the counts of the operator. */
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

/** The counts of the operator in a plan: only values that a count can have. */
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
 * Differences between a plan and the sealed one, completed with the counts of the operator: the paths of the fields. Empty if the
 * plans are equal.
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
