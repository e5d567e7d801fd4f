import { type ActionPlan, type AgentAction, type AuditRecord, digestOf, effectNumber } from '@sentinel/crds';
import type { SealKeys } from '../approval/seal.ts';
import { count, describeRun, meanings, statedStates } from './describe.ts';
import type { EffectState } from './effect-states.ts';
import { impliesPlan, planFindings } from './implied-plan.ts';
import { statedEffects, statedPlan } from './stated-plan.ts';
import {
  parseStatement,
  type RehearsalStatement,
  type RunStatement,
  STATEMENT_DETAIL,
  type Statement,
  statementFault,
  UNSTATED_DETAIL,
} from './statement.ts';

/** The data that records are compared with. */
export interface Stated {
  /** The uid of the action. */
  readonly action: string;
  readonly records: readonly AuditRecord[];
  /** The public keys of the gateway; undefined where they cannot be read: then seals are not verified. */
  readonly keys: SealKeys | undefined;
  /** The plans of the action, where they can be read. */
  readonly plans?: readonly ActionPlan[];
  /** What the action was filed for, where the action itself can be read: from its run on that never changes. */
  readonly mode?: AgentAction['spec']['mode'] | undefined;
}

/** States of an action that is told as one that never ran. */
const UNRUN: ReadonlySet<string> = new Set(['Denied', 'Rejected', 'Expired', 'NoEffect', 'DryRunCompleted', 'RehearsalFailed']);
/** States that there are after a run alone. */
const AFTER_RUN: ReadonlySet<string> = new Set(['Succeeded', 'RolledBack', 'RollbackIncomplete', 'VerificationFailed']);
/** A list of numbers that a record has no room for is cut. */
const LIST_MAX = 1000;

/**
 * Differences between the records of an action, which the operator writes, and the statements of the gateway, as sentences: invalid statements,
 * missing statements, and each difference. Empty if they agree.
 */
export function statementFindings(stated: Stated): string[] {
  const findings = stated.records.flatMap((record) => {
    const compare = comparisons[record.transition];
    if (!compare) return [];
    const read = readStated(record, stated);
    if ('findings' in read) return read.findings;
    if (read.statement === undefined) return compare.isNeeded(record, stated) ? [missing(record)] : [];
    return compare.with(record, read.statement, stated).map((difference) => `${nameOf(record)}: ${difference}`);
  });
  return [...planFindings(stated.records), ...findings];
}

/** The newest statement about the run of an action that holds; undefined if there is none. */
export function lastRunStatement(stated: Stated): RunStatement | undefined {
  const statements = stated.records.map((record) => readStated(record, stated));
  const run = statements.findLast((read) => 'statement' in read && read.statement?.kind === 'Run');
  return run && 'statement' in run && run.statement?.kind === 'Run' ? run.statement : undefined;
}

function readStated(
  record: AuditRecord,
  { action, keys }: Stated,
): { readonly statement: Statement | undefined } | { readonly findings: string[] } {
  const text = detailOf(record, STATEMENT_DETAIL);
  if (text === undefined) return { statement: undefined };
  const statement = parseStatement(text);
  if (!statement) return { findings: [`${nameOf(record)}: the statement of the gateway cannot be parsed`] };
  const fault = statementFault(statement, action, keys);
  return fault === undefined
    ? { statement }
    : { findings: [`${nameOf(record)}: the statement of the gateway does not hold: ${fault}`] };
}

function missing(record: AuditRecord): string {
  const why = detailOf(record, UNSTATED_DETAIL);
  return `${nameOf(record)} has no statement of the gateway, so it is the operator's word alone${why === undefined ? '' : ` (the operator says why: ${why})`}`;
}

interface Comparison {
  readonly isNeeded: (record: AuditRecord, stated: Stated) => boolean;
  readonly with: (record: AuditRecord, statement: Statement, stated: Stated) => string[];
}

const ofRun =
  (compare: (record: AuditRecord, statement: RunStatement) => string[]): Comparison['with'] =>
  (record, statement) =>
    statement.kind === 'Run' ? compare(record, statement) : ['its statement is about a rehearsal'];

const comparisons: Readonly<Record<string, Comparison>> = {
  Planned: {
    isNeeded: () => true,
    with: (record, statement, { plans }) =>
      statement.kind === 'Rehearsal' ? comparePlanned(record, statement, plans) : ['its statement is about a run'],
  },
  // A run whose pod never came has no statement but that of the end.
  RunEnded: { isNeeded: (_, { records }) => !isStatedUnrun(records), with: ofRun(compareRunEnded) },
  VerificationEnded: { isNeeded: isSuccess, with: ofRun(compareVerification) },
  RollbackEnded: { isNeeded: () => true, with: ofRun(compareRollback) },
  Ended: { isNeeded: isEndStated, with: ofRun(compareEnd) },
};

function isStatedUnrun(records: readonly AuditRecord[]): boolean {
  const end = records.find(({ transition }) => transition === 'Ended');
  const statement = end && parseStatement(detailOf(end, STATEMENT_DETAIL) ?? '');
  return statement?.kind === 'Run' && statement.job === undefined;
}

// An action without a plan cannot have run, and neither can a plan that was made for a dry run. That there was no plan is the operator's
// word, so any record that there is after a plan alone counts.
function isEndStated(record: AuditRecord, stated: Stated): boolean {
  const { plans = [], records } = stated;
  if (detailOf(record, 'sentinel.state') === 'DryRunCompleted' && isDryRun(record, stated)) return false;
  return plans.length > 0 || impliesPlan(records);
}

function isDryRun({ plan }: AuditRecord, stated: Stated): boolean {
  if (stated.mode !== undefined) return stated.mode === 'DryRun';
  const planned = stated.records.find((record) => record.transition === 'Planned' && record.plan === plan);
  const read = planned && readStated(planned, stated);
  return read !== undefined && 'statement' in read && read.statement?.kind === 'Rehearsal' && read.statement.mode === 'DryRun';
}

function comparePlanned(record: AuditRecord, statement: RehearsalStatement, plans: readonly ActionPlan[] | undefined): string[] {
  const plan = plans?.find(({ spec }) => digestOf(spec) === record.plan)?.spec;
  const isGone = plan === undefined && plans !== undefined && plans.length > 0;
  return [
    ...(isGone ? [`no ActionPlan of the action has the digest '${record.plan ?? ''}' that the record names`] : []),
    ...plannedDifferences(record, statement, plan),
  ];
}

function plannedDifferences(record: AuditRecord, statement: RehearsalStatement, plan: ActionPlan['spec'] | undefined): string[] {
  return differences([
    ['the Job of the rehearsal', record.job, statement.job],
    ['the number of effects', detailOf(record, 'sentinel.effects.planned'), String(statement.effects)],
    ...(plan
      ? ([
          ['the recording of the plan', plan.recording?.digest, statement.recording],
          ['the account of the plan', plan.account, statement.account],
          ['the digest of the effects that the plan shows', statedEffects(plan), statement.shown],
          ['the digest of what the plan shows', statedPlan(plan), statement.plan],
        ] as const)
      : []),
  ]);
}

function compareRunEnded(record: AuditRecord, statement: RunStatement): string[] {
  const states = statedStates(statement);
  const outcome = detailOf(record, 'sentinel.outcome');
  const numbers = (state: EffectState) => states.flatMap((one, at) => (one === state ? [effectNumber(at)] : [])).join(',');
  const isWhole = states.every((state) => state === 'D' || state === 'A');
  return [
    ...sameRun(record, statement),
    ...differences([
      ['the number of approved effects', detailOf(record, 'sentinel.effects.planned'), String(states.length)],
      ['the number of effects that were carried out', detailOf(record, 'sentinel.effects.done'), String(count(states, 'D'))],
      [
        'the number of effects whose outcome is unknown',
        detailOf(record, 'sentinel.effects.unknown'),
        String(count(states, 'U')),
      ],
    ]),
    ...listDifference('the effects that were carried out', detailOf(record, 'sentinel.effects.done_numbers'), numbers('D')),
    ...listDifference('the effects whose outcome is unknown', detailOf(record, 'sentinel.effects.unknown_numbers'), numbers('U')),
    ...(outcome === 'Succeeded' && !isWhole
      ? [`it says that the run succeeded, and the gateway says: ${describeRun(statement)}`]
      : []),
    ...((outcome === 'Blocked') === (statement.blocked === true) ? [] : [blockedDifference(outcome, statement)]),
  ];
}

const blockedDifference = (outcome: string | undefined, { blocked }: RunStatement) =>
  `it says that the run ended as ${outcome ?? 'nothing'}, and the gateway says that it ${blocked ? 'blocked the run' : 'did not block the run'}`;

function compareVerification(record: AuditRecord, statement: RunStatement): string[] {
  return [
    ...differences([['the plan', record.plan, statement.plan]]),
    ...(isSuccess(record) && !statement.verified
      ? ['it says that the checks succeeded, and the gateway did not see them succeed']
      : []),
  ];
}

function compareRollback(record: AuditRecord, statement: RunStatement): string[] {
  const states = statedStates(statement);
  const told = (record.details ?? []).flatMap(({ name, value }) => {
    const [, number] = /^effect\.([0-9]+)$/.exec(name) ?? [];
    const [, outcome] = /^(Restored|Unchanged|Skipped|Failed)\b/.exec(value) ?? [];
    return number && outcome ? [{ effect: Number(number) - 1, outcome }] : [];
  });
  return [
    ...sameRun(record, statement),
    ...differences([
      [
        'the number of effects that are rolled back',
        detailOf(record, 'sentinel.effects.rolled_back'),
        String(count(states, 'r') + count(states, 'u')),
      ],
    ]),
    ...rollbackDifferences(told, states),
  ];
}

/** Differences between the recorded rollback of effects and the statement of the gateway. */
export function rollbackDifferences(
  told: readonly { readonly effect: number; readonly outcome: string }[],
  states: readonly EffectState[],
): string[] {
  return told.flatMap(({ effect, outcome }) => {
    const state = states[effect] ?? '.';
    const isBack = state === 'r' || state === 'u';
    const isTold = outcome === 'Restored' || outcome === 'Unchanged';
    if (isTold === isBack && (outcome !== 'Restored' || state === 'r')) return [];
    return [`effect ${effectNumber(effect)} is told as ${outcome}, and the gateway says that it ${meanings[state]}`];
  });
}

function compareEnd(record: AuditRecord, statement: RunStatement): string[] {
  const state = detailOf(record, 'sentinel.state') ?? 'nothing';
  const says = `it says that the action ended as ${state}, and the gateway says: ${describeRun(statement)}`;
  const states = statedStates(statement);
  if (statement.job === undefined) return AFTER_RUN.has(state) ? [says] : [];
  const stays = states.some((one) => one === 'D' || one === 'U' || one === 'A' || one === 'B');
  const isContradicted =
    UNRUN.has(state) ||
    (state === 'Succeeded' && !succeeded(statement, states)) ||
    (state === 'RolledBack' && stays) ||
    (/\bnothing was changed\b/i.test(record.summary) && stays);
  return [
    ...(isContradicted ? [says] : []),
    ...(statement.over ? [] : ['its statement was made before the end, so more may have been done after it']),
    ...differences([['the plan that was run', record.plan, statement.plan]]),
  ];
}

const succeeded = ({ blocked, checks, verified }: RunStatement, states: readonly EffectState[]) =>
  !blocked && states.every((state) => state === 'D' || state === 'A') && (!checks || verified === true);

const sameRun = ({ job, plan }: AuditRecord, statement: RunStatement) =>
  differences([
    ['the Job of the run', job, statement.job],
    ['the plan', plan, statement.plan],
  ]);

type Pair = readonly [what: string, told: string | undefined, stated: string | undefined];

const differences = (pairs: readonly Pair[]): string[] =>
  pairs
    .filter(([, told, says]) => told !== says)
    .map(([what, told, says]) => `${what} is '${told ?? ''}', and the gateway says '${says ?? ''}'`);

function listDifference(what: string, told = '', says: string): string[] {
  const isCut = told.length >= LIST_MAX && says.startsWith(told);
  return told === says || isCut ? [] : differences([[what, told, says]]);
}

function isSuccess(record: AuditRecord): boolean {
  return detailOf(record, 'sentinel.outcome') === 'Succeeded';
}

const nameOf = ({ sequence, transition }: AuditRecord) => `record ${sequence} (${transition})`;
const detailOf = ({ details = [] }: AuditRecord, wanted: string) => details.find(({ name }) => name === wanted)?.value;
