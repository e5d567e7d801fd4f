import type { AgentPolicySpec, Effect, RiskLevel, RiskPart } from '@sentinel/crds';
import { type PolicySet, policyName } from '../policyset/policy-set.ts';
import type { Refusal } from '../verdict/verdict.ts';
import { deletedDependants } from './dependants.ts';

type HighRiskRule = NonNullable<AgentPolicySpec['highRisk']>[number];

/** A part without points that raises the risk to a level. */
type RaisedPart = RiskPart & { readonly level: RiskLevel };

/** What rules about high risk say of the effects of a plan: parts that raise its risk, and refusals. */
export function judgeHighRisk(set: PolicySet, effects: readonly Effect[]): { raised: RaisedPart[]; refusals: Refusal[] } {
  const raised: RaisedPart[] = [];
  const refusals: Refusal[] = [];
  for (const policy of set.policies) {
    for (const [index, rule] of (policy.spec?.highRisk ?? []).entries()) {
      const what = whatMatches(rule, effects);
      if (what === undefined) continue;
      const why = rule.justification === undefined ? '' : `: ${rule.justification}`;
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
          code: 'HighRiskRefused',
          policy: name,
          rule: `highRisk[${index}]`,
          message: `${what} is refused outright${why}`,
        });
    }
  }
  return { raised, refusals };
}

// What is deleted with its owner counts as what is deleted by name.
function whatMatches(rule: HighRiskRule, effects: readonly Effect[]): string | undefined {
  const effect = effects.find((one) => matches(rule, one));
  if (effect) return `${effect.verb} ${effect.resource} '${effect.name}'`;
  const dependant = deletedDependants(effects).find((one) => matches(rule, one));
  return dependant && `delete ${dependant.resource} together with ${dependant.owner}, which owns it,`;
}

function matches(rule: HighRiskRule, effect: Pick<Effect, 'verb' | 'apiGroup' | 'resource'>): boolean {
  const resource = effect.resource.split('/')[0] ?? '';
  const inGroup = rule.apiGroups.includes('*') || rule.apiGroups.includes(effect.apiGroup);
  // A subresource changes its object, so a rule about deployments covers deployments/scale; and '*' covers everything.
  const isResource = rule.resources.some((one) => one === '*' || one === resource || one === effect.resource);
  const verbs: readonly string[] = rule.verbs ?? ['*'];
  return inGroup && isResource && (verbs.includes('*') || verbs.includes(effect.verb));
}
