import { type AgentAction, agentActions, verifyChain } from '@sentinel/crds';
import { visible } from '../print/visible.ts';
import { readAction } from '../read.ts';
import type { Session } from '../session.ts';

/** Recomputes the hash chains of one action or of all, and names every gap. 1 when there is one. */
export async function auditVerify(session: Session, name: string | undefined): Promise<number> {
  const { client, namespace, flags, io } = session;
  const actions =
    name === undefined
      ? (await client.list(agentActions, flags.allNamespaces ? {} : { namespace })).items
      : [await readAction(session, name)];
  let bad = 0;
  for (const action of actions) {
    const findings = findingsOf(action);
    if (findings.length > 0) bad += 1;
    const count = action.status?.outbox?.records.length ?? 0;
    io.out(
      `${action.metadata.namespace ?? ''}/${action.metadata.name}: ${findings.length === 0 ? `${count} records, the chain verifies` : findings.join('; ')}`,
    );
  }
  return bad === 0 ? 0 : 1;
}

/** What is wrong with the chain of an action. Only records that a sink has acknowledged may be missing at its beginning. */
export function findingsOf(action: AgentAction): string[] {
  const outbox = action.status?.outbox;
  if (!outbox) return [];
  const findings = verifyChain(outbox.records, { sequence: outbox.sequence, hash: outbox.head });
  const first = outbox.records[0]?.sequence ?? 1;
  if (first - 1 > outbox.exported)
    findings.push(`records ${outbox.exported + 1} to ${first - 1} are gone before any sink acknowledged them`);
  for (const record of outbox.records)
    if (record.action !== action.metadata.uid) findings.push(`record ${record.sequence} is of another action`);
  return findings;
}

/** Prints the records of an action. */
export async function auditShow(session: Session, name: string): Promise<number> {
  const action = await readAction(session, name);
  for (const record of action.status?.outbox?.records ?? []) {
    session.io.out(
      `${record.sequence}  ${record.time}  ${record.transition}  ${visible(record.actor)}\n   ${visible(record.summary)}\n   ${record.hash}`,
    );
    for (const { name: key, value } of record.details ?? []) session.io.out(`   ${visible(key)}: ${visible(value)}`);
  }
  return 0;
}
