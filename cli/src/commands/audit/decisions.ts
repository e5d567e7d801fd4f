import {
  type AgentAction,
  type AuditRecord,
  annotations,
  effectNumber,
  finalStates,
  type State,
  type Transition,
} from '@sentinel/crds';
import { type DecisionRecord, parseDecisions, type SealKeys, sealFault } from '@sentinel/policy';
import { stateOf } from '../../read.ts';

/** A decision that is made while an action ends may have no record, because the operator does not process it any more. */
const RACE_MS = 60_000;

/**
 * Differences between the records of decisions and the sealed decisions on the object. The operator writes the records, and cannot seal;
 * the webhook seals, and cannot write records. Seals are not verified if there are no `keys`.
 */
export function decisionFindings(action: AgentAction, keys: SealKeys | undefined): string[] {
  const { records: sealed, unreadable } = parseDecisions(action.metadata.annotations?.[annotations.approvals]);
  const findings = sealed.flatMap((one) => sealFindings(one, action, keys));
  if (unreadable > 0) findings.push(`${unreadable} sealed decisions cannot be parsed`);
  const outbox = action.status?.outbox;
  const told = (outbox?.records ?? []).filter(({ transition }) => transition === 'Decided');
  const count = action.status?.decisionCount ?? 0;
  if (count > sealed.length)
    findings.push(`the status counts ${count} decisions, but ${sealed.length} are sealed in '${annotations.approvals}'`);
  if (told.length > count) findings.push(`there are ${told.length} records of decisions, but the status counts ${count}`);
  // The oldest records are removed first, so the remaining ones are about the newest counted decisions.
  const first = count - told.length;
  if (first > 0 && outbox?.records[0]?.sequence === 1)
    findings.push(`the status counts ${count} decisions, but only ${told.length} have a record`);
  told.forEach((record, index) => {
    findings.push(...recordFindings(record, sealed[first + index]));
  });
  return [...findings, ...untold(action, sealed.slice(count))];
}

function sealFindings(decision: DecisionRecord, action: AgentAction, keys: SealKeys | undefined): string[] {
  const fault = keys && sealFault(decision, keys);
  const other = decision.action === action.metadata.uid ? undefined : 'it is for another action';
  return [fault, other].flatMap((why) => (why === undefined ? [] : [`the sealed decision of ${describe(decision)}: ${why}`]));
}

function recordFindings(record: AuditRecord, sealed: DecisionRecord | undefined): string[] {
  const of = (name: string) => record.details?.find((one) => one.name === name)?.value ?? '';
  const who = `record ${record.sequence} reports a decision by '${record.actor}'`;
  if (!sealed) return [`${who}, but no such decision is sealed on the action`];
  const pairs = [
    ['user', record.actor, sealed.user],
    ['decision', of('sentinel.decision'), sealed.decision],
    ['plan', record.plan ?? '', sealed.plan],
    ['uid', of('sentinel.decision.uid'), sealed.uid],
    ['effect', of('sentinel.decision.effect'), sealed.effect === undefined ? '' : effectNumber(sealed.effect)],
  ] as const;
  return pairs
    .filter(([, told, made]) => !isToldAs(String(made), told))
    .map(([field, told, made]) => `${who}, but the sealed decision has the ${field} '${made}' where the record has '${told}'`);
}

// Records contain only the beginning of long values.
const isToldAs = (made: string, told: string) => made === told || (told.length >= 64 && made.startsWith(told));

/** Decisions that were made long enough before the end, and that have no record. */
function untold(action: AgentAction, sealed: readonly DecisionRecord[]): string[] {
  const { finishedAt } = action.status ?? {};
  if (!finalStates.has(stateOf(action) as State) || finishedAt === undefined) return [];
  return sealed
    .filter(({ time }) => !(Date.parse(time) > Date.parse(finishedAt) - RACE_MS))
    .map((one) => `the sealed decision of ${describe(one)} has no record`);
}

const describe = ({ user, decision, time }: DecisionRecord) => `'${user}' (${decision}, ${time})`;

/** What is recorded of an action that has ended. */
const AFTER_END: ReadonlySet<string> = new Set<Transition>(['RolledBackLater', 'Retired']);

/** Differences between the end of an action in its status and in its newest records. */
export function endFindings(action: AgentAction): string[] {
  const state = stateOf(action);
  const records = action.status?.outbox?.records ?? [];
  const end = records.find(({ transition }) => transition === 'Ended');
  const of = (name: string) => end?.details?.find((one) => one.name === name)?.value;
  if (!finalStates.has(state as State))
    return end ? [`record ${end.sequence} reports the end of the action, but the action is ${state}`] : [];
  const findings: string[] = [];
  if (end && of('sentinel.state') !== state)
    findings.push(
      `the action is ${state}, but record ${end.sequence} says that it ended as ${of('sentinel.state') ?? 'nothing'}`,
    );
  const after = records.filter(({ sequence, transition }) => end && sequence > end.sequence && !AFTER_END.has(transition));
  for (const { sequence, transition } of after)
    findings.push(`record ${sequence} (${transition}) comes after the end of the action`);
  const { status: isSuccess } = action.status?.conditions?.find(({ type }) => type === 'Succeeded') ?? {};
  if (end && of('sentinel.success') !== String(isSuccess === 'True'))
    findings.push(`the condition Succeeded is ${isSuccess ?? 'missing'}, but record ${end.sequence} says otherwise`);
  return findings;
}
