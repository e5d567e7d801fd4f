import type { AgentPolicySpec, Effect, RiskLevel, RiskPart } from '@sentinel/crds';
import { type PolicySet, policyName } from './policies.ts';
import type { Refusal } from './verdict.ts';

type HighRiskRule = NonNullable<AgentPolicySpec['highRisk']>[number];

/** A part without points that raises the risk to a level. */
type RaisedPart = RiskPart & { readonly level: RiskLevel };

/** What rules about high risk say of the effects of a plan: parts that raise its risk, and refusals. */
export function judgeHighRisk(set: PolicySet, effects: readonly Effect[]): { raised: RaisedPart[]; refusals: Refusal[] } {
  const raised: RaisedPart[] = [];
  const refusals: Refusal[] = [];
  for (const policy of set.policies) {
    for (const [index, rule] of (policy.spec?.highRisk ?? []).entries()) {
      const effect = effects.find((one) => matches(rule, one));
      if (!effect) continue;
      const why = rule.justification === undefined ? '' : `: ${rule.justification}`;
      const what = `${effect.verb} ${effect.resource} '${effect.name}'`;
      const name = policyName(policy);
      if (rule.raiseTo !== undefined)
        raised.push({
          rule: `highRisk[${index}]`,
          points: 0,
          level: rule.raiseTo,
          message: `${what} is of high risk by ${name}${why}`.slice(0, 512),
        });
      if (rule.refuse)
        refusals.push({
          policy: name,
          rule: `highRisk[${index}]`,
          message: `${what} is refused outright${why}`,
          remedy: 'A person does this by hand.',
        });
    }
  }
  return { raised, refusals };
}

function matches(rule: HighRiskRule, effect: Effect): boolean {
  const resource = effect.resource.split('/')[0] ?? '';
  const inGroup = rule.apiGroups.includes('*') || rule.apiGroups.includes(effect.apiGroup);
  // A subresource changes its object, so a rule about deployments covers deployments/scale; and '*' covers everything.
  const isResource = rule.resources.some((one) => one === '*' || one === resource || one === effect.resource);
  const verbs: readonly string[] = rule.verbs ?? ['*'];
  return inGroup && isResource && (verbs.includes('*') || verbs.includes(effect.verb));
}
