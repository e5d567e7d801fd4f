import type { AgentActionSpec, ClusterAgentPolicySpec } from '@sentinel/crds';
import { type PolicySet, policyName } from '../policyset/policy-set.ts';
import type { Refusal } from '../verdict/verdict.ts';
import type { Identity } from './identity.ts';

/** What an API server's authenticator says of a user beside name and groups, by key: UserInfo.extra. */
export type Claims = Readonly<Record<string, readonly string[]>>;

type Rules = NonNullable<ClusterAgentPolicySpec['identity']>;
type Wanted = NonNullable<Rules['approverClaims']>[number];

/**
 * Whether an identity may create actions. Claims are only known in the request itself; without them only groups are checked, because admission
 * has checked the claims.
 */
export function judgeAgent(set: PolicySet, agent: Identity, claims?: Claims): Refusal[] {
  return set.policies.flatMap((policy) => {
    const rules = policy.spec?.identity?.agents;
    if (!rules) return [];
    const refuse = (field: string, message: string): Refusal => ({
      code: 'AgentIdentityNotAllowed',
      policy: policyName(policy),
      rule: `identity.agents.${field}`,
      message: `'${agent.user}' may not create actions: ${message}`,
    });
    const refused = rules.refuseGroups?.find((group) => agent.groups.includes(group));
    const found: Refusal[] = [];
    if (refused !== undefined) found.push(refuse('refuseGroups', `members of '${refused}' are refused`));
    if (rules.groups && !rules.groups.some((group) => agent.groups.includes(group)))
      found.push(refuse('groups', `it is in none of the groups ${rules.groups.join(', ')}`));
    const missing = claims && rules.claims?.find((wanted) => !carries(claims, wanted));
    if (missing) found.push(refuse('claims', missingClaim(missing)));
    return found;
  });
}

/** The refusal if an action must name the person who prompted it, and does not. */
export function judgeOnBehalfOf(set: PolicySet, { onBehalfOf }: Pick<AgentActionSpec, 'onBehalfOf'>): Refusal[] {
  if (onBehalfOf !== undefined) return [];
  return set.policies
    .filter(({ spec }) => spec?.identity?.agents?.requireOnBehalfOf)
    .map((policy) => ({
      code: 'OnBehalfOfRequired' as const,
      policy: policyName(policy),
      rule: 'identity.agents.requireOnBehalfOf',
      message: 'the action does not say for whom the agent acts',
    }));
}

/** Why policies do not accept the claims of an approver; undefined if they do. */
export function approverClaimFault(set: PolicySet, claims: Claims): string | undefined {
  for (const policy of set.policies) {
    const missing = policy.spec?.identity?.approverClaims?.find((wanted) => !carries(claims, wanted));
    if (missing) return `${policyName(policy)}: identity.approverClaims: ${missingClaim(missing)}`;
  }
  return undefined;
}

/** The claims of somebody that policies about approvers ask for, and no others: what a record of an approval keeps. */
export function approverClaims(set: PolicySet, claims: Claims): Record<string, string[]> {
  const names = new Set(set.policies.flatMap(({ spec }) => (spec?.identity?.approverClaims ?? []).map(({ name }) => name)));
  return Object.fromEntries(
    [...names].sort().flatMap((name) => {
      const values = claims[name];
      return values === undefined || values.length === 0 ? [] : [[name, [...values]] as const];
    }),
  );
}

const carries = (claims: Claims, { name, values }: Wanted) =>
  (claims[name] ?? []).some((value) => values === undefined || values.includes(value));

const missingClaim = ({ name, values }: Wanted) =>
  values === undefined ? `the claim '${name}' is missing` : `the claim '${name}' must be one of ${values.join(', ')}`;
