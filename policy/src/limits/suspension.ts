import { isSuspended } from '../admission/admit.ts';
import { type ApplicablePolicy, type PolicySet, policyName } from '../policyset/policy-set.ts';

/** A kill switch that is on, and who turned it on, if known. */
export interface Suspension {
  readonly policy: string;
  readonly by?: string | undefined;
  readonly since?: string | undefined;
}

const everyPolicy = ({ policies, auditOnly = [] }: PolicySet): readonly ApplicablePolicy[] => [...policies, ...auditOnly];

/** The kill switches that are on. */
export function suspensionsOf(set: PolicySet): Suspension[] {
  return everyPolicy(set)
    .filter(isSuspended)
    .map((policy) => {
      const { suspended, by, since } = policy.suspension ?? {};
      return { policy: policyName(policy), ...(suspended && by !== undefined && since !== undefined ? { by, since } : {}) };
    });
}

/**
 * Whether the operator has not yet determined who turned a kill switch on or off. That takes only moments; records wait for the name,
 * holding and ending actions do not.
 */
export function awaitsSuspensionName(set: PolicySet): boolean {
  return everyPolicy(set).some((policy) => policy.suspensionNamed === false);
}

/** Who turned the kill switches off that held an action, with the policy and the time. */
export function liftedBy(set: PolicySet, held: readonly Suspension[]): Suspension[] {
  return held.map(({ policy: name }) => {
    const policy = everyPolicy(set).find((one) => policyName(one) === name);
    const { suspended, by, since } = policy?.suspension ?? {};
    return { policy: name, ...(suspended === false && by !== undefined && since !== undefined ? { by, since } : {}) };
  });
}

/** Suspensions for a sentence: `AgentPolicy/shop (by ada since 2026-01-01T12:00:00Z)`. */
export function describeSuspensions(list: readonly Suspension[]): string {
  return list
    .map(({ policy, by, since }) => (by === undefined ? policy : `${policy} (by ${by} since ${since ?? 'an unknown time'})`))
    .join(', ');
}
