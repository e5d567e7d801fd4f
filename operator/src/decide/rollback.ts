import type { Facts } from '../facts/facts.ts';

/**
 * Whether the changes of a failed run are rolled back. If somebody deleted the plan, the changes must not stay because of that, so the
 * Playbook as it was admitted decides then.
 */
export const rollsBack = ({ plan, playbook }: Pick<Facts, 'plan' | 'playbook'>): boolean =>
  (plan ? plan.spec.rollback.from : playbook?.spec.rollback?.from) === 'PreImages';
