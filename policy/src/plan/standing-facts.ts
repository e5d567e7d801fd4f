import { type ActionPlanSpec, type AgentAction, annotations, type Playbook, type RiskLevel } from '@sentinel/crds';
import { limitReasons, neverAlone } from '../approval/auto-review.ts';
import { hasRequestedChanges } from '../approval/changes.ts';
import type { StandingFacts } from '../approval/standing.ts';
import { playbookDigest, type Trust } from '../approval/trust.ts';
import type { Identity } from '../identity/identity.ts';
import type { PolicySet } from '../policyset/policy-set.ts';
import { isAsScheduled } from '../schedule/people.ts';
import { isSchedule } from '../schedule/scheduled-action.ts';

/** The facts that decide whether standing approvals cover a plan. */
export interface CoveredPlan {
  readonly action: Pick<AgentAction, 'metadata' | 'spec'>;
  readonly plan: ActionPlanSpec;
  readonly requester: Identity;
  readonly policies: PolicySet;
  readonly trust: Trust;
  /** The Playbook as it is now, with its annotations; undefined if it does not exist or is not the one of the plan. */
  readonly live?: Playbook | undefined;
  readonly risk: RiskLevel;
  /** Whether the kill switch held the action. */
  readonly wasSuspended: boolean;
}

/**
 * What the standing approvals of a schedule are judged by, for one of its plans; undefined for any other action. A standing approval covers the action
 * exactly as the schedule files it, and never a change that always needs a person (`neverAlone`).
 */
export function standingFacts(covered: CoveredPlan): StandingFacts | undefined {
  const { requester, live, trust, risk } = covered;
  if (!live?.spec.schedule || !isSchedule(requester)) return undefined;
  return { playbook: live, trust, risk, faults: limitReasons([...identityFaults(covered, live), ...planFaults(covered)]) };
}

function identityFaults({ action, plan, wasSuspended }: CoveredPlan, live: Playbook): string[] {
  const found: string[] = [];
  if (!isAsScheduled(action, live)) found.push('the action is not exactly what the schedule files');
  if (plan.playbook.digest !== playbookDigest(live)) found.push('the plan is of another version of the Playbook');
  if (plan.account !== live.spec.account) found.push('the plan is for another account');
  if (plan.amends || plan.rollbackOf) found.push('the plan is not that of the schedule alone');
  if (wasSuspended) found.push('the kill switch held this action, so a person must approve it');
  if (hasRequestedChanges(action.metadata.annotations?.[annotations.approvals]))
    found.push('a person has asked for changes of this action');
  return found;
}

function planFaults({ plan, policies, risk }: CoveredPlan): string[] {
  return [
    ...policies.refusals.map(({ message }) => message),
    ...(risk === 'Critical' ? ['the risk is Critical'] : []),
    ...plan.effects.flatMap(neverAlone),
    ...(plan.undeclared ?? []),
    ...(plan.notObservable ?? []),
  ].map((reason) => `a person must see this plan: ${reason}`);
}
