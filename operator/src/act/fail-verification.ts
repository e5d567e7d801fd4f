import { rollsBack } from '../decide/rollback.ts';
import { condition, enter } from '../status/conditions.ts';
import type { Pass } from './context.ts';
import { end } from './end.ts';

/** The run has ended and its checks failed, or cannot be run: what it did is rolled back where the plan says so. */
export function failVerification(pass: Pass, why: string): void {
  const { draft, facts, now } = pass;
  condition(draft, 'Verified', 'False', 'Failed', why, now);
  if (rollsBack(facts)) enter(draft, 'RollingBack', `verification failed: ${why}`, now);
  else end(pass, 'VerificationFailed', `verification failed and rollback is not available: ${why}`);
}
