import type { Facts } from '../facts/facts.ts';

/**
 * Whether what a run did is rolled back when it fails. Somebody may have deleted the plan; that must not keep the changes, so the
 * Playbook as it was admitted says it then.
 */
export const rollsBack = ({ plan, playbook }: Pick<Facts, 'plan' | 'playbook'>): boolean =>
  (plan ? plan.spec.rollback.from : playbook?.spec.rollback?.from) === 'PreImages';
