import { type DataHandling, dataHandling, type PolicySet, policyName, retireAt, seconds } from '@sentinel/policy';
import type { EffectiveValue } from './value.ts';

const KINDS = ['prompts', 'parameters', 'logs', 'diffs'] as const;
const DEFAULT = { policy: 'Sentinel', path: 'default' };

/** What is kept of an action and for how long, with the policy that sets it, or the built-in default. */
export function effectiveData(set: PolicySet): EffectiveValue[] {
  const held = dataHandling(set);
  return [
    ...KINDS.map((kind) => ofKind(set, held, kind)),
    { field: 'dataHandling.redact', value: 'what is known as a secret', ...DEFAULT },
    ...(['patterns', 'fields'] as const).flatMap((list) => ofList(set, list)),
    ...retention(set, held),
  ];
}

const rulesOf = (set: PolicySet) =>
  set.policies.flatMap((policy) =>
    policy.spec?.dataHandling ? [{ policy: policyName(policy), rules: policy.spec.dataHandling }] : [],
  );

function ofKind(set: PolicySet, held: DataHandling, kind: (typeof KINDS)[number]): EffectiveValue {
  const field = `dataHandling.${kind}`;
  const found = rulesOf(set).flatMap(({ policy, rules }) => (rules[kind] === undefined ? [] : [{ policy, value: rules[kind] }]));
  const by = found.filter(({ value }) => value === held[kind]).map(({ policy }) => policy);
  const insteadOf = found.filter(({ value }) => value !== held[kind]).map(({ policy, value }) => `${value} (${policy})`);
  return {
    field,
    value: held[kind],
    ...(by.length === 0 ? DEFAULT : { policy: by.join(', '), path: field }),
    ...(insteadOf.length === 0 ? {} : { insteadOf }),
  };
}

function ofList(set: PolicySet, list: 'patterns' | 'fields'): EffectiveValue[] {
  const field = `dataHandling.redact.${list}`;
  return rulesOf(set).flatMap(({ policy, rules }) =>
    (rules.redact?.[list] ?? []).map((value, index) => ({ field, value, policy, path: `${field}[${index}]` })),
  );
}

function retention(set: PolicySet, { retainMs }: DataHandling): EffectiveValue[] {
  const [held, ...others] = said(set, 'retainFor').sort((a, b) => seconds(a.value) - seconds(b.value));
  const [least, ...lesser] = said(set, 'retainAtLeast').sort((a, b) => seconds(b.value) - seconds(a.value));
  const counted = retireAt(set, 0);
  const late = retainMs !== undefined && counted !== undefined && counted > retainMs;
  const forLimits = late ? ` (${counted / 1000}s, as long as limits count it)` : '';
  const overruled = held && least && seconds(least.value) > seconds(held.value) ? ` (${least.value} by retainAtLeast)` : '';
  return [
    held
      ? layered('retainFor', `${held.value}${overruled}${forLimits}`, held.policy, others)
      : { field: 'dataHandling.retainFor', value: 'for ever', ...DEFAULT },
    ...(least ? [layered('retainAtLeast', least.value, least.policy, lesser)] : []),
  ];
}

type Said = { readonly policy: string; readonly value: string };

const said = (set: PolicySet, key: 'retainFor' | 'retainAtLeast'): Said[] =>
  rulesOf(set).flatMap(({ policy, rules }) => (rules[key] === undefined ? [] : [{ policy, value: rules[key] }]));

function layered(key: string, value: string, policy: string, others: readonly Said[]): EffectiveValue {
  const field = `dataHandling.${key}`;
  const insteadOf = others.map((one) => `${one.value} (${one.policy})`);
  return { field, value, policy, path: field, ...(insteadOf.length === 0 ? {} : { insteadOf }) };
}
