import type { RunReport, StageStatus } from '@sentinel/crds';
import { isVerifiedAgain, restartPauseMs, VERIFICATION_TRIES } from '../../decide/restart.ts';
import { condition, enter } from '../../status/conditions.ts';
import { record } from '../../status/record.ts';
import type { Pass } from '../context.ts';

/**
 * Schedules a new verification if its Job or pod was not the rendered one, so that its checks say nothing about the run. During an upgrade
 * of Sentinel, operator and gateway have different versions for some time, and a successful run must not be rolled back because of that.
 * Returns false if the checks did run, or after the maximum number of attempts.
 */
export function verifyAgain(pass: Pass, ended: StageStatus, report: Pick<RunReport, 'notServed'> | 'NeverReleased'): boolean {
  const { draft, action, now } = pass;
  if (!isVerifiedAgain(ended, report)) return false;
  const seconds = restartPauseMs(ended.attempt) / 1000;
  const message = `verification ${ended.attempt} of at most ${VERIFICATION_TRIES} did not run, and is started again in ${seconds} s: ${ended.message ?? ''}`;
  condition(draft, 'Verified', 'Unknown', 'Pending', message, now);
  enter(draft, 'Verifying', message, now);
  // Only the first attempt is recorded: the others would take room that later records need.
  if (ended.attempt === 1)
    record(
      draft,
      action,
      { transition: 'VerificationEnded', actor: 'sentinel-operator', summary: message, plan: ended.plan, job: ended.uid },
      now,
    );
  return true;
}
