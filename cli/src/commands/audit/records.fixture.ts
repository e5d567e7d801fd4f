import { type AuditEntry, digestOf } from '@sentinel/crds';
import { packStates, type RunStatement, STATEMENT_DETAIL, sealStatement, type unpackStates } from '@sentinel/policy';
import { aPlan, statementKey } from '../../../test/fixtures.ts';

/** The plan that the records are about. */
export const plan = aPlan();
export const digest = digestOf(plan.spec);
export const TIME = '2026-03-02T10:30:00Z';
/** How each effect of a plan stands. */
export type States = NonNullable<ReturnType<typeof unpackStates>>;
/** The same state for every effect. */
export const all = (state: States[number]): States => plan.spec.effects.map(() => state);
const [first, ...others] = all('D');
/** Only the first effect is carried out. */
export const half: States = [first ?? 'D', ...others.map((): States[number] => '.')];
const done = plan.spec.effects.length;

/** A statement of the gateway about the run; about an action that was not run if `states` is undefined. */
export function says(states: States | undefined, more: Partial<RunStatement> = {}, key = statementKey): string {
  const base = { kind: 'Run' as const, action: 'uid-1', time: TIME };
  const ran = { job: 'job-2', plan: digest, account: 'remediator', claimed: TIME, checks: 1 };
  return sealStatement(states === undefined ? base : { ...base, ...ran, effects: packStates(states), ...more }, key);
}
/** What the gateway says at the end. */
export const atEnd = (states: States, more: Partial<RunStatement> = {}) => says(states, { ...more, over: true });

interface Told {
  readonly statement?: string | undefined;
  readonly details: Readonly<Record<string, string>>;
}
/** A record. */
export const tell = (transition: string, { statement, details }: Told, more: Partial<AuditEntry> = {}): AuditEntry => ({
  time: TIME,
  action: 'uid-1',
  actor: 'sentinel-gateway',
  transition,
  summary: transition,
  plan: digest,
  job: 'job-2',
  details: Object.entries({ ...details, ...(statement === undefined ? {} : { [STATEMENT_DETAIL]: statement }) }).map(
    ([name, value]) => ({ name, value }),
  ),
  ...more,
});
const numbers = (count: number) => Array.from({ length: count }, (_, at) => at + 1).join(',');
/** The record of the end of the run. */
export const ran = (statement: string | undefined, carried = done, outcome = 'Succeeded') =>
  tell('RunEnded', {
    statement,
    details: {
      'sentinel.outcome': outcome,
      'sentinel.effects.planned': String(done),
      'sentinel.effects.done': String(carried),
      'sentinel.effects.unknown': '0',
      ...(carried === 0 ? {} : { 'sentinel.effects.done_numbers': numbers(carried) }),
    },
  });
/** The record of the end of the checks. */
export const verified = (statement: string | undefined, outcome = 'Succeeded') =>
  tell('VerificationEnded', { statement, details: { 'sentinel.outcome': outcome } }, { job: 'job-3' });
/** The record of the end of the rollback. */
export const rolledBack = (statement: string | undefined, count = done) =>
  tell('RollbackEnded', {
    statement,
    details: {
      'sentinel.effects.rolled_back': String(count),
      ...Object.fromEntries(plan.spec.effects.map((_, at) => [`effect.${at + 1}`, at < count ? 'Restored' : 'Failed: x'])),
    },
  });
/** The record of the end of the action. */
export const ended = (statement: string | undefined, state: string, summary = state) =>
  tell('Ended', { statement, details: { 'sentinel.state': state } }, { summary });
