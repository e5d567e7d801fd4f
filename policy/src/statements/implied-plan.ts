import type { AuditRecord, State, Transition } from '@sentinel/crds';

/** States in which an action can end that never had a plan. Any other state, also one that nobody knows, comes after a plan. */
const WITHOUT_PLAN: ReadonlySet<string> = new Set<State>(['Denied', 'RehearsalFailed', 'NoEffect', 'Cancelled']);

/** Transitions that there are after a plan alone. */
const AFTER_PLAN: ReadonlySet<string> = new Set<Transition>([
  'Planned',
  'AutoReviewed',
  'Decided',
  'RunStarted',
  'RunEnded',
  'OutcomeUnknown',
  'EffectResolved',
  'VerificationStarted',
  'VerificationEnded',
  'RollbackEnded',
]);

/**
 * Whether records show that their action had a plan, without the record of the plan itself: by its end, by what was done with the plan, or
 * because a record names it. The operator writes them all, and could leave the record of the plan out.
 */
export const impliesPlan = (records: readonly AuditRecord[]): boolean =>
  records.some(
    ({ transition, plan, details = [] }) =>
      plan !== undefined ||
      AFTER_PLAN.has(transition) ||
      (transition === 'Ended' && !WITHOUT_PLAN.has(details.find(({ name }) => name === 'sentinel.state')?.value ?? '')),
  );

/**
 * Names that the record of the plan was left out of records which show that there was one; empty if it was not. Records that do not begin
 * with the first one say nothing of it.
 */
export function planFindings(records: readonly AuditRecord[]): string[] {
  const isLeftOut =
    records[0]?.sequence === 1 && impliesPlan(records) && !records.some(({ transition }) => transition === 'Planned');
  return isLeftOut ? [LEFT_OUT] : [];
}

const LEFT_OUT =
  'the records are incomplete: they show that the action had a plan, and the record of it (Planned), with what the gateway states of its rehearsal, is left out';
