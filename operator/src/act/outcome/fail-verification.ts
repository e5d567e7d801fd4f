import { rollsBack } from '../../decide/rollback.ts';
import { condition, enter } from '../../status/conditions.ts';
import type { Pass } from '../context.ts';
import { end } from '../end/end.ts';

/** The run has ended and its checks failed, were cancelled, or cannot run: its changes are rolled back if the plan has a rollback. */
export function failVerification(pass: Pass, why: string, what = 'verification failed'): void {
  const { draft, facts, now } = pass;
  condition(draft, 'Verified', 'False', 'Failed', why, now);
  if (rollsBack(facts)) enter(draft, 'RollingBack', `${what}: ${why}`, now);
  else end(pass, 'VerificationFailed', `${what} and rollback is not available: ${why}`);
}
