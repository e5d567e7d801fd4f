import type { PolicySet } from '@sentinel/policy';
import { policyName } from '@sentinel/policy';

/** A value that holds, and the policy that it comes from. */
export interface EffectiveValue {
  readonly field: string;
  readonly value: string;
  readonly from: string;
}

/**
 * Every value that the policies of a namespace set, by field, with the policy that says it. Of limits the one that holds; of rules
 * and lists each, because all of them hold at once: deny wins, lists intersect.
 */
export function effectiveValues(set: PolicySet): EffectiveValue[] {
  const all = set.policies.flatMap((policy) =>
    Object.entries(policy.spec ?? {})
      .filter(([field, value]) => field !== 'subjects' && value !== undefined)
      .flatMap(([field, value]) => flatten(field, value).map((one) => ({ ...one, from: policyName(policy) }))),
  );
  const fields = Map.groupBy(all, ({ field }) => field);
  return [...fields].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, values]) => strictest(values));
}

function flatten(path: string, value: unknown): { field: string; value: string }[] {
  if (Array.isArray(value))
    return value.map((entry, index) => ({
      field: /^(commands|kubernetes|approvals|freeze|highRisk)$/.test(path) ? path : path,
      value: `[${index}] ${text(entry)}`,
    }));
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([key, entry]) => (entry === undefined ? [] : flatten(`${path}.${key}`, entry)));
  return [{ field: path, value: text(value) }];
}

const text = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));

const smallest = /^limits\.(objects|concurrent|perDay|escalationsPerHour)$/;
const truth = /^(suspended|audit\.requireSink|images\.requireDigest|playbooks\.trustedOnly)$/;

// Where one value of several holds, it is shown alone; all others hold together.
function strictest(values: readonly EffectiveValue[]): readonly EffectiveValue[] {
  const [first] = values;
  if (!first) return [];
  if (smallest.test(first.field)) return [values.reduce((a, b) => (Number(b.value) < Number(a.value) ? b : a))];
  if (truth.test(first.field)) return [values.find(({ value }) => value === 'true') ?? first];
  return values;
}
