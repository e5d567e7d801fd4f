import { type AgentAction, type AuditRecord, agentActions, finalStates, type State, verifyChain } from '@sentinel/crds';
import { formatOf, raw } from '../print/raw.ts';
import { visible } from '../print/visible.ts';
import { placeOf, readAction, stateOf } from '../read.ts';
import { type Session, UsageError } from '../session.ts';

/** Recomputes the hash chains of one action or of all, and names every gap. 1 when there is one. */
export async function auditVerify(session: Session, name: string | undefined): Promise<number> {
  const { client, namespace, flags, io } = session;
  if (name !== undefined && flags.allNamespaces) throw new UsageError('name one action, or pass -A, not both');
  const actions =
    name === undefined
      ? (await client.list(agentActions, flags.allNamespaces ? {} : { namespace })).items
      : [await readAction(session, name)];
  let bad = 0;
  for (const action of actions) {
    const findings = findingsOf(action);
    if (findings.length > 0) bad += 1;
    io.out(`${placeOf(action)}: ${findings.length === 0 ? soundOf(action) : 'NOT SOUND'}`);
    for (const finding of findings) io.out(`  ! ${visible(finding)}`);
  }
  if (actions.length === 0) io.out('There is no action to verify.');
  if (bad > 0)
    io.error(`error: ${bad} of ${actions.length} chain(s) do not verify; keep the objects and tell your security team`);
  return bad === 0 ? 0 : 1;
}

function soundOf({ status }: AgentAction): string {
  const outbox = status?.outbox;
  const first = outbox?.records[0]?.sequence;
  if (!outbox || first === undefined) return 'no records yet';
  const earlier = first > 1 ? `, 1 to ${first - 1} are in the sink` : '';
  return `records ${first} to ${outbox.sequence} verify${earlier}`;
}

/** What is wrong with the chain of an action. Only records that a sink has acknowledged may be missing at its beginning. */
export function findingsOf(action: AgentAction): string[] {
  const outbox = action.status?.outbox;
  const ended = finalStates.has(stateOf(action) as State);
  if (!outbox) return ended ? [`the action is ${stateOf(action)}, but has no records`] : [];
  const findings = verifyChain(outbox.records, { sequence: outbox.sequence, hash: outbox.head });
  const first = outbox.records[0]?.sequence ?? 1;
  if (first - 1 > outbox.exported)
    findings.push(`records ${outbox.exported + 1} to ${first - 1} are gone before any sink acknowledged them`);
  if (outbox.exported > outbox.sequence)
    findings.push(`a sink acknowledged record ${outbox.exported}, but the last one here is ${outbox.sequence}`);
  for (const record of outbox.records)
    if (record.action !== action.metadata.uid) findings.push(`record ${record.sequence} is of another action`);
  if (ended && !outbox.records.some(({ transition }) => transition === 'Ended'))
    findings.push(`the action is ${stateOf(action)}, but no record tells of its end`);
  return findings;
}

/** Prints the records of an action. */
export async function auditShow(session: Session, name: string): Promise<number> {
  const { io, flags } = session;
  const format = formatOf(flags.output);
  const records = (await readAction(session, name)).status?.outbox?.records ?? [];
  if (format) io.out(raw(records, format));
  else io.out(records.length === 0 ? `There are no records of '${name}' yet.` : records.map(recordLines).join('\n'));
  return 0;
}

function recordLines({ sequence, time, transition, actor, summary, hash, details }: AuditRecord): string {
  return [
    `${sequence}  ${visible(time)}  ${visible(transition)}  by ${visible(actor)}`,
    `   ${visible(summary)}`,
    ...(details ?? []).map(({ name, value }) => `   ${visible(name)}: ${visible(value)}`),
    `   ${visible(hash)}`,
  ].join('\n');
}
