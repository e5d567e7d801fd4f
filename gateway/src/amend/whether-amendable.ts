import { type Effect, effectNumber } from '@sentinel/crds';
import { changeDigest } from '../effect/change.ts';
import { describeEffect } from '../effect/describe.ts';
import type { Observation } from '../effect/observe.ts';
import { isToObject, nameOf } from '../enforce/judge-write.ts';
import type { ParsedRequest } from '../request/parse.ts';
import type { Enforcement } from '../run/run.ts';

/** Larger requests are not kept for an amendment, in bytes. */
const REQUEST_MAX = 256 * 1024;

/**
 * Why a plan with this refused write would not fit the run either; undefined if it may. The new plan has all effects of the old one, and a run
 * must carry out each of them. So a plan cannot be amended with a write that comes instead of an approved one, or repeats one.
 */
export function whyNotAmendable(
  { plan, consumed }: Pick<Enforcement, 'plan' | 'consumed'>,
  request: ParsedRequest,
  observed: Observation,
): string | undefined {
  if (request.body.length > REQUEST_MAX) return 'the refused write is too large to be kept';
  const same = plan.spec.effects.filter((effect) => isToObject(effect, request, observed));
  const digest = changeDigest(observed.changes);
  const repeated = same.find((effect) => effect.changeDigest === digest);
  if (repeated) return `the refused write repeats effect ${effectNumber(repeated.index)}, and would do so again`;
  const attempted = describeEffect(request, observed).change?.map(({ path }) => path);
  const instead = same.find((effect) => !consumed.has(effect.index) && isAboutTheSame(effect, attempted));
  return (
    instead &&
    `the refused write came instead of effect ${effectNumber(instead.index)} (${nameOf(instead)}), with other values. Create the action again: its rehearsal makes a new plan`
  );
}

// Doubt counts as the same: not all fields may be shown in the plan.
function isAboutTheSame(effect: Effect, attempted: readonly string[] | undefined): boolean {
  if (effect.verb === 'delete' || effect.verb === 'create' || effect.verb === 'update') return true;
  const { change, hiddenChanges, more } = effect;
  if (!change || !attempted || hiddenChanges || more) return true;
  return change.some(({ path }) => attempted.some((one) => isWithin(one, path) || isWithin(path, one)));
}

const isWithin = (path: string, other: string): boolean => path === other || path.startsWith(`${other}/`);
