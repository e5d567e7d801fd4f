import type { RunReport, StageStatus } from '@sentinel/crds';
import { isVerifiedAgain, restartPauseMs, VERIFICATION_TRIES } from '../../decide/restart.ts';
import { condition, enter } from '../../status/conditions.ts';
import { record } from '../../status/record.ts';
import type { Pass } from '../context.ts';

/**
 * Starts a verification again later whose Job or pod was not what it had to be, so that its checks say nothing about the run. While
 * Sentinel is upgraded, operator and gateway are of two versions for a while, and a good run must not be rolled back for that. False when
 * the checks did run, or when it was tried often enough.
 */
export function verifyAgain(pass: Pass, ended: StageStatus, report: Pick<RunReport, 'notServed'> | 'NeverReleased'): boolean {
  const { draft, action, now } = pass;
  if (!isVerifiedAgain(ended, report)) return false;
  const seconds = restartPauseMs(ended.attempt) / 1000;
  const message = `verification ${ended.attempt} of at most ${VERIFICATION_TRIES} did not run, and is started again in ${seconds} s: ${ended.message ?? ''}`;
  condition(draft, 'Verified', 'Unknown', 'Pending', message, now);
  enter(draft, 'Verifying', message, now);
  // The others would take room of the records that are still to come.
  if (ended.attempt === 1)
    record(
      draft,
      action,
      { transition: 'VerificationEnded', actor: 'sentinel-operator', summary: message, plan: ended.plan, job: ended.uid },
      now,
    );
  return true;
}
