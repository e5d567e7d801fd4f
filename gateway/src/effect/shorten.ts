import { type FieldChange, OBSERVED_FIELDS_MAX, type ObservedEffect } from '@sentinel/crds';
import { type RecordedChange, UNHIDDEN } from '@sentinel/policy';

/** The longest value that risk rules read, in characters. */
const VALUE_MAX = 16 * 1024;
/** The longest value of a change that is recorded if the whole change does not fit. */
const CUT_MAX = 2048;

/** An effect as input of the risk rules: `hiddenChanges` counts the fields that they do not read in full. */
export function shortenForRules(effect: ObservedEffect): ObservedEffect {
  const { change: all, ...rest } = effect;
  if (!all) return effect;
  const change = all.slice(0, OBSERVED_FIELDS_MAX).map((one) => shortened(one, VALUE_MAX));
  const hidden = all.length - change.length + change.filter(({ cut }) => cut).length;
  return { ...rest, change, ...(hidden > 0 ? { hiddenChanges: hidden } : {}) };
}

/** An effect with cut values, each with a mark, because the rest is not shown anywhere. */
export function cutValues(effect: ObservedEffect): ObservedEffect {
  const { change: all } = effect;
  if (!all) return effect;
  const change = all.slice(0, OBSERVED_FIELDS_MAX).map((one) => shortened(one, CUT_MAX));
  const hidden = all.length - change.length + change.filter(({ cut }) => cut).length;
  return { ...effect, change, ...(hidden > 0 ? { hiddenChanges: hidden } : {}) };
}

// Without the values that are hidden because of their names, because they do not fit.
function shortened({ [UNHIDDEN]: _, ...change }: RecordedChange, max: number): FieldChange {
  const { before, after, ...rest } = change;
  if ((before?.length ?? 0) <= max && (after?.length ?? 0) <= max) return change;
  return {
    ...rest,
    ...(before === undefined ? {} : { before: beginningOf(before, max) }),
    ...(after === undefined ? {} : { after: beginningOf(after, max) }),
    cut: true,
  };
}

// A cut may split a pair of surrogates, and half of one has no canonical form: the plan could never be digested.
const beginningOf = (text: string, max: number) => (text.length <= max ? text : `${text.slice(0, max - 1).toWellFormed()}…`);
