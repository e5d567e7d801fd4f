import { type Effect, effectNumber, type FieldChange } from '@sentinel/crds';
import { type DataHandling, keepDiffs } from '@sentinel/policy';
import { changeDigest } from '../effect/change.ts';
import { describeEffect } from '../effect/describe.ts';
import type { Observation } from '../effect/observe.ts';
import type { Entry } from '../ledger/entry.ts';
import type { ParsedRequest } from '../request/parse.ts';
import type { Enforcement } from '../run/run.ts';
import { deleteDrift } from './delete-drift.ts';

/** The relation of a write to the approved plan. */
export type Judged =
  | { readonly kind: 'approved'; readonly effect: Effect }
  /** The write equals an effect that has been carried out already. */
  | { readonly kind: 'repeated'; readonly effect: Effect; readonly why: string }
  | { readonly kind: 'foreign'; readonly why: string };

/** The longest value that is quoted in a message. */
const QUOTED_MAX = 512;

type Approved = Pick<Enforcement, 'plan' | 'consumed'>;

/** Finds the approved effect that a write makes, or the reason why it makes none of them. */
export async function judgeWrite(
  enforcement: Approved,
  request: ParsedRequest,
  observed: Observation,
  handling: DataHandling,
): Promise<Judged> {
  const effect = findApproved(enforcement, request, observed);
  if (effect) {
    const early = earlierThanApproved(enforcement, effect);
    return early === undefined ? { kind: 'approved', effect } : { kind: 'foreign', why: early };
  }
  const candidates = enforcement.plan.spec.effects.filter((one) => isSameObject(one, request, observed));
  const [again] = candidates;
  if (again && candidates.every(({ index }) => enforcement.consumed.has(index)))
    return { kind: 'repeated', effect: again, why: `${nameOf(again)} was approved once and has been carried out already` };
  return { kind: 'foreign', why: await differenceOf(enforcement, request, observed, handling) };
}

// An effect that cannot be rolled back was approved together with the earlier effects of the plan, such as a copy of the deleted data.
function earlierThanApproved({ plan, consumed }: Approved, effect: Effect): string | undefined {
  if (effect.reversible) return undefined;
  const missing = plan.spec.effects.find(({ index }) => index < effect.index && !consumed.has(index));
  return (
    missing &&
    `${nameOf(effect)} cannot be rolled back, and effect ${effectNumber(missing.index)} (${nameOf(missing)}), which the approved plan has before it, was not carried out`
  );
}

/** The approved effect that equals what would happen: same request, same object, same change. */
export function findApproved(enforcement: Approved, request: ParsedRequest, observed: Observation): Effect | undefined {
  const digest = changeDigest(observed.changes);
  return enforcement.plan.spec.effects.find(
    (effect) =>
      !enforcement.consumed.has(effect.index) && isSameObject(effect, request, observed) && effect.changeDigest === digest,
  );
}

/** Whether a write is to the object of an effect, in any way: with another verb, another version or through a subresource. */
export function isToObject(effect: Effect, { api }: ParsedRequest, observed: Observation): boolean {
  const [own, other] = [effect.resource, api.resource].map((resource) => resource.split('/')[0]);
  return effect.apiGroup === api.apiGroup && own === other && effect.namespace === api.namespace && effect.name === observed.name;
}

/** Whether a write is to the object of an effect, in the same way. */
export function isSameObject(effect: Effect, request: ParsedRequest, observed: Observation): boolean {
  const { api } = request;
  return (
    effect.verb === api.verb &&
    effect.apiGroup === api.apiGroup &&
    effect.version === request.version &&
    effect.resource === api.resource &&
    effect.namespace === api.namespace &&
    effect.name === observed.name &&
    (effect.verb === 'create' || effect.uid === observed.uid)
  );
}

/** An effect as text in a message. */
export const nameOf = (effect: Pick<Effect, 'verb' | 'resource' | 'name' | 'namespace'>): string =>
  `${effect.verb} ${effect.resource} ${effect.namespace ?? ''}/${effect.name}`;

/** The message about an entry whose object was stored differently from what was approved. */
export const alteration = ({ target, stored }: Entry): string =>
  `${nameOf(target)} was stored differently from what was approved: ${stored?.altered ?? ''}. An admission policy or webhook may have changed it`;

// The difference from the plan, for people who investigate the block. It is shown in status, records and Events, so it shows no more
// of a value than the plan does.
async function differenceOf(
  enforcement: Approved,
  request: ParsedRequest,
  observed: Observation,
  handling: DataHandling,
): Promise<string> {
  const attempted = describeEffect(request, observed);
  const about = nameOf(attempted);
  const candidates = enforcement.plan.spec.effects.filter((effect) => isSameObject(effect, request, observed));
  const open = candidates.find((effect) => !enforcement.consumed.has(effect.index));
  if (!open) return `${about} is not in the approved plan`;
  const [shown] = await keepDiffs(handling, [{ ...attempted, index: open.index }]);
  if (shown?.verb === 'delete')
    return `${about} differs from the approved plan: ${deleteDrift(open, shown)}. Create the action again to get a new plan`;
  const approved = new Map((open.change ?? []).map((change) => [change.path, change]));
  const differing = shown?.change?.find((change) => !isSameChange(approved.get(change.path), change));
  if (!differing) return `${about} differs from the approved plan in a field that the plan does not show`;
  const planned = approved.get(differing.path);
  const what = planned === undefined ? 'not in the plan' : inWords(planned);
  return `${about} differs from the approved plan at ${differing.path}: approved ${what}, attempted ${inWords(differing)}`;
}

// A plan contains only the beginning of a long change.
function isSameChange(approved: FieldChange | undefined, { before, after, lines, repeats }: FieldChange): boolean {
  if (approved?.part !== undefined || approved?.cut) return lines?.startsWith(approved.lines ?? '') ?? false;
  return (
    approved !== undefined &&
    approved.before === before &&
    approved.after === after &&
    approved.lines === lines &&
    approved.repeats === repeats
  );
}

function inWords({ redacted, repeats, before, after, lines }: FieldChange): string {
  if (repeats) return "a copy of the object's fields";
  if (lines !== undefined) return 'a change of a long text';
  if (before !== undefined && before.length > QUOTED_MAX) return 'a change of a long value';
  if (after !== undefined && after.length > QUOTED_MAX) return 'a change to a long value';
  if (redacted && before === undefined && after === undefined) return 'a value that is not shown';
  if (before === undefined) return after === undefined ? 'no value' : `to set ${after}`;
  return after === undefined ? `to remove ${before}` : `${before} → ${after}`;
}
