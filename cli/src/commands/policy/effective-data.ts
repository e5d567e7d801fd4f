import { type DataHandling, dataHandling, type PolicySet, policyName, retireAt, seconds } from '@sentinel/policy';
import type { EffectiveValue } from './effective.ts';

const KINDS = ['prompts', 'parameters', 'logs', 'diffs'] as const;
const DEFAULT = { policy: 'Sentinel', path: 'default' };

/** What is kept of an action and for how long, with the layer that says so; what is built in where no policy does. */
export function effectiveData(set: PolicySet): EffectiveValue[] {
  const held = dataHandling(set);
  return [
    ...KINDS.map((kind) => ofKind(set, held, kind)),
    { field: 'dataHandling.redact', value: 'what is known as a secret', ...DEFAULT },
    ...(['patterns', 'fields'] as const).flatMap((list) => ofList(set, list)),
    retention(set, held),
  ];
}

const rulesOf = (set: PolicySet) =>
  set.policies.flatMap((policy) =>
    policy.spec?.dataHandling ? [{ policy: policyName(policy), rules: policy.spec.dataHandling }] : [],
  );

function ofKind(set: PolicySet, held: DataHandling, kind: (typeof KINDS)[number]): EffectiveValue {
  const field = `dataHandling.${kind}`;
  const said = rulesOf(set).flatMap(({ policy, rules }) => (rules[kind] === undefined ? [] : [{ policy, value: rules[kind] }]));
  const by = said.filter(({ value }) => value === held[kind]).map(({ policy }) => policy);
  const insteadOf = said.filter(({ value }) => value !== held[kind]).map(({ policy, value }) => `${value} (${policy})`);
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

function retention(set: PolicySet, { retainMs }: DataHandling): EffectiveValue {
  const field = 'dataHandling.retainFor';
  const said = rulesOf(set).flatMap(({ policy, rules }) =>
    rules.retainFor === undefined ? [] : [{ policy, value: rules.retainFor }],
  );
  const [held, ...others] = said.sort((a, b) => seconds(a.value) - seconds(b.value));
  if (!held || retainMs === undefined) return { field, value: 'for ever', ...DEFAULT };
  const least = retireAt(set, 0) ?? retainMs;
  const counted = least > retainMs ? ` (${least / 1000}s, as long as limits count it)` : '';
  return {
    field,
    value: `${held.value}${counted}`,
    policy: held.policy,
    path: field,
    ...(others.length === 0 ? {} : { insteadOf: others.map(({ value, policy }) => `${value} (${policy})`) }),
  };
}
