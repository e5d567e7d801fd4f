import { type AgentAction, successStates } from '@sentinel/crds';
import type { Finding } from '@sentinel/findings';
import { referTo, timeOf } from '../objects.ts';
import { isWithin, type Window } from './moments.ts';

const done: ReadonlySet<string> = successStates;

/** Whether an action was filed, moved or ended in a period. */
export const isActive = ({ metadata, status }: AgentAction, window: Window): boolean =>
  [metadata.creationTimestamp, status?.finishedAt, ...(status?.outbox?.records ?? []).map(({ time }) => time)].some((time) =>
    isWithin(time, window),
  );

/**
 * Whether an action has only read so far: no plan, no decision, and it ended without an effect or is still rehearsed. Health checks on a
 * schedule are such actions, and so is the one that makes this report.
 */
export function hasOnlyRead({ status }: AgentAction): boolean {
  const reason = status?.conditions?.find(({ type }) => type === 'Succeeded')?.reason;
  const isOpen = status?.finishedAt === undefined && reason === 'Rehearsing';
  return status?.plan === undefined && !status?.decisions?.length && (isOpen || reason === 'NoEffect');
}

/** What a reader of a report after an incident must know about its actions. */
export const actionFindings = (actions: readonly AgentAction[]): Finding[] => actions.flatMap(findingsOf);

function findingsOf(action: AgentAction): Finding[] {
  const { status, spec } = action;
  const succeeded = status?.conditions?.find(({ type }) => type === 'Succeeded');
  const reason = succeeded?.reason ?? 'Pending';
  const object = referTo(action);
  const evidence = [
    { source: 'Record' as const, text: succeeded?.message ?? 'the operator has reported nothing' },
    { source: 'Spec' as const, text: `intent: ${spec.intent.summary}` },
  ];
  const finished = timeOf(status?.finishedAt);
  const findings: Finding[] = [];
  if (finished === undefined)
    findings.push({ check: 'action-open', severity: 'Info', object, summary: `the action has not ended (${reason})`, evidence });
  else if (!done.has(reason))
    findings.push({
      check: 'action-not-succeeded',
      severity: 'Warning',
      object,
      summary: `the action ended without success (${reason})`,
      lastSeen: finished,
      evidence,
      suggestion: { text: `Read its report: kubectl sentinel report ${object.name}` },
    });
  if (status?.unknownEffects?.length)
    findings.push({
      check: 'action-effect-unknown',
      severity: 'Critical',
      object,
      summary: 'nobody knows whether a write of the action was applied',
      count: status.unknownEffects.length,
      evidence: [],
      suggestion: { text: `Resolve it: kubectl sentinel reconcile ${object.name}` },
    });
  const uncounted = (status?.decisions ?? []).filter(({ counts }) => !counts);
  if (uncounted.length > 0)
    findings.push({
      check: 'decision-not-counted',
      severity: 'Info',
      object,
      summary: 'a decision does not count for the plan of the action',
      count: uncounted.length,
      evidence: uncounted
        .slice(0, 3)
        .map(({ user, decision, why }) => ({ source: 'Record', text: `${user}: ${decision} (${why ?? ''})` })),
    });
  if (status?.shortened?.length)
    findings.push({
      check: 'record-shortened',
      severity: 'Warning',
      object,
      summary: 'a part of the record is no longer in the action: the audit trail of your sink has it',
      evidence: [{ source: 'Record', text: status.shortened.join(', ') }],
    });
  return findings;
}
