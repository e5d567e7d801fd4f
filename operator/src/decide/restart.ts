import type { RunReport, StageStatus } from '@sentinel/crds';

/** How often a verification is started before its checks count as failed. With the pauses between them that takes about 8 minutes. */
export const VERIFICATION_TRIES = 6;
const FIRST_PAUSE_MS = 15_000;

/** How long after the end of a verification that did not run the next one is started. */
export const restartPauseMs = (attempt: number): number => FIRST_PAUSE_MS * 2 ** (attempt - 1);

/**
 * Whether a verification is started again: its Job was altered before its release, or is not what the gateway renders, so that the result of
 * its checks is unknown.
 */
export function isVerifiedAgain(
  { stage, attempt }: Pick<StageStatus, 'stage' | 'attempt'>,
  report: Pick<RunReport, 'notServed'> | 'NeverReleased',
): boolean {
  const isAltered = report === 'NeverReleased' || report.notServed?.code === 'JobAltered';
  return stage === 'verification' && isAltered && attempt < VERIFICATION_TRIES;
}
