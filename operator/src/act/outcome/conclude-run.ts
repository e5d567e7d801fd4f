import type { RunReport, StageStatus } from '@sentinel/crds';
import { describeSuspensions, suspendedBy, suspensionsOf } from '@sentinel/policy';
import { whyUnverifiable } from '../../decide/next-step.ts';
import { rollsBack } from '../../decide/rollback.ts';
import { stoppedBy } from '../../decide/stopped-by.ts';
import type { Facts } from '../../facts/facts.ts';
import { lookAtChanges } from '../../status/closing.ts';
import { condition, enter } from '../../status/conditions.ts';
import type { ActContext, Pass } from '../context.ts';
import { end } from '../end/end.ts';
import { startJob } from '../jobs/start-job.ts';
import { failVerification } from './fail-verification.ts';
import { withoutOffer } from './offer-amendment.ts';

/**
 * Continues after a run: with its checks after a success, else with the rollback or the end. `giveUp` says why the action no longer waits
 * for a person to resolve unknown outcomes.
 */
export async function concludeRun(
  context: ActContext,
  pass: Pass,
  ended: StageStatus,
  report: RunReport,
  giveUp?: string,
): Promise<void> {
  const { draft, facts, now, action } = pass;
  const stopped = giveUp !== undefined || action.spec.cancelled || action.metadata.deletionTimestamp !== undefined;
  const good = ended.outcome === 'Succeeded';
  const done = doneOf(facts, report);
  if (good && !stopped) {
    if (!facts.plan || !facts.playbook) return failVerification(pass, whyUnverifiable(facts));
    if (!facts.playbook.spec.verify?.length) {
      condition(draft, 'Verified', 'Unknown', 'NotNeeded', 'the Playbook has no checks', now);
      return end(pass, 'Succeeded', `${done}; the Playbook has no checks`);
    }
    enter(draft, 'Verifying', 'the run has ended; its checks come next', now);
    if (facts.playbook.spec.verifyAfter === undefined && suspendedBy(facts.policies).length === 0)
      await startJob(context, pass, 'verification');
    return;
  }
  // The kill switch stops an action in its current state: there are no further writes, not even by a rollback.
  const killed = killedBy(pass, ended);
  const { consumed, unknown, accepted = [], rolledBack = [] } = report;
  const stays = consumed.length + unknown.length + accepted.length;
  const begun = stays + rolledBack.length > 0;
  if (killed !== undefined)
    return end(
      pass,
      'RunFailed',
      begun
        ? `${killed}; ${done}, and stay, because a kill switch stops rollbacks too. ${lookAtChanges(action.metadata)}`
        : `${killed}; ${done}. Nothing was changed.`,
    );
  // A started write may have been applied: the rollback reads each object and reports its outcome.
  const own = ended.message ?? 'the run failed';
  const why = stoppedBy(facts)?.why;
  const what = giveUp ?? (why === undefined ? own : `${why}; ${own}`);
  // A roll-back that a person ordered is reported as a rollback, even if the plan has none.
  if (begun && (rollsBack(facts) || stays === 0))
    return enter(draft, 'RollingBack', `${what}; ${done}; they are rolled back`, now);
  const state = stopped ? 'Cancelled' : ended.outcome === 'Blocked' ? 'Blocked' : 'RunFailed';
  if (begun && draft.amendment) draft.amendment = withoutOffer(draft.amendment, 'what its run changed stays');
  const reason = facts.plan ? (facts.plan.spec.rollback.reason ?? 'the Playbook has none') : 'the plan is gone';
  const outcome = begun
    ? `(${done}; rollback is not available: ${reason}). What was carried out stays. ${lookAtChanges(action.metadata)}`
    : `(${done}). Nothing was changed.`;
  end(pass, state, `${what} ${outcome}`);
}

/** Why the kill switch stopped a stage: while it is on, every stage without success counts as stopped by it. Undefined otherwise. */
export function killedBy({ facts }: Pass, ended: StageStatus): string | undefined {
  const stoppers = suspensionsOf(facts.policies);
  if (stoppers.length === 0 || ended.outcome === 'Succeeded') return undefined;
  return `stopped by the kill switch of ${describeSuspensions(stoppers)}`;
}

/** Describes how many effects of a plan were carried out. */
export function doneOf({ plan }: Pick<Facts, 'plan'>, { consumed, unknown, accepted = [], rolledBack = [] }: RunReport): string {
  const parts = [
    `${consumed.length} of ${plan?.spec.effects.length ?? 0} approved effects carried out`,
    ...(accepted.length > 0 ? [`${accepted.length} accepted as stored`] : []),
    ...(rolledBack.length > 0 ? [`${rolledBack.length} ordered to be rolled back`] : []),
    ...(unknown.length > 0 ? [`the outcome of ${unknown.length} is unknown`] : []),
  ];
  return parts.join(', ');
}
