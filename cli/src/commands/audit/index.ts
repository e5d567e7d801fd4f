import {
  type ActionPlan,
  type AgentAction,
  type AuditRecord,
  agentActions,
  annotations,
  count,
  finalStates,
  namespaces,
  SEAL_KEYS,
  type State,
  verifyChain,
} from '@sentinel/crds';
import { configmaps, isForbidden } from '@sentinel/kube';
import { describeStatement, parseStatement, readSealKeys, type SealKeys, STATEMENT_DETAIL } from '@sentinel/policy';
import { placeOf, readAction, stateOf } from '../../read.ts';
import { type Session, UsageError } from '../../session.ts';
import { formatOf, raw } from '../../terminal/raw.ts';
import { visible } from '../../terminal/visible.ts';
import { verifyActs } from './acts.ts';
import { decisionFindings, endFindings } from './decisions.ts';
import { findUnstated, readPlans, readStatementKeys, statedRun } from './statements.ts';

export { auditVerifyExport } from './export.ts';

/**
 * Recomputes the hash chains of one action or of all, and compares their records with the seals of the webhook, the statements of the
 * gateway about their runs, and the status. Prints every gap and every difference. Returns 1 if there is one.
 */
export async function auditVerify(session: Session, name: string | undefined): Promise<number> {
  const { client, namespace, flags, io } = session;
  if (name !== undefined && flags.allNamespaces) throw new UsageError('FlagConflict', 'name one action, or pass -A, not both');
  const actions =
    name === undefined
      ? (await client.list(agentActions, flags.allNamespaces ? {} : { namespace })).items
      : [await readAction(session, name)];
  const isDecided = actions.some(({ metadata }) => metadata.annotations?.[annotations.approvals] !== undefined);
  const isAll = name === undefined && flags.allNamespaces === true;
  const keys = isDecided || isAll ? await readKeys(session) : undefined;
  const isRecorded = actions.some(({ status }) => status?.outbox !== undefined);
  const stated = isRecorded ? await readStatementKeys(session) : { keys: undefined, since: 0 };
  const plans = isRecorded
    ? await readPlans(session, flags.allNamespaces ? undefined : namespace)
    : new Map<string, ActionPlan[]>();
  let bad = 0;
  for (const action of actions) {
    const findings = [
      ...findingsOf(action),
      ...decisionFindings(action, keys),
      ...endFindings(action),
      ...findUnstated(action, plans.get(action.metadata.uid ?? '') ?? [], stated),
    ];
    if (findings.length > 0) bad += 1;
    io.out(`${placeOf(action)}: ${findings.length === 0 ? soundOf(action) : 'NOT SOUND'}`);
    const run = statedRun(action, stated.keys);
    if (run !== undefined) io.out(`  the gateway states: ${visible(run)}`);
    for (const finding of findings) io.out(`  ! ${visible(finding)}`);
  }
  if (actions.length === 0) io.out('There is no action to verify.');
  const acts = isAll ? await verifyActs(session, keys) : 0;
  if (bad > 0)
    io.error(
      `error: ${bad} of ${count(actions.length, 'chain')} ${bad === 1 ? 'does' : 'do'} not verify; keep the objects and tell your security team`,
    );
  if (acts > 0) io.error('error: the chain of acts does not verify; keep the ConfigMaps and tell your security team');
  return bad + acts === 0 ? 0 : 1;
}

/** The public keys of seals. Undefined, after a warning, if the caller may not read them: then only names are compared. */
async function readKeys({ client, io }: Session): Promise<SealKeys | undefined> {
  try {
    const published = await client.get(configmaps, { name: SEAL_KEYS, namespace: namespaces.system });
    return readSealKeys(published?.data as Record<string, string> | undefined);
  } catch (error) {
    if (!isForbidden(error)) throw error;
    io.error(
      `warning: seals of decisions are not verified: reading the ConfigMap '${SEAL_KEYS}' in namespace '${namespaces.system}' is required for that`,
    );
    return undefined;
  }
}

function soundOf({ status }: AgentAction): string {
  const outbox = status?.outbox;
  const first = outbox?.records[0]?.sequence;
  if (!outbox || first === undefined) return 'no records yet';
  const earlier = first > 1 ? `, 1 to ${first - 1} are in the sink` : '';
  return `records ${first} to ${outbox.sequence} verify${earlier}`;
}

/** Faults in the chain of an action. Only records that a sink has acknowledged may be missing at its beginning. */
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
    findings.push(`the action is ${stateOf(action)}, but no record reports its end`);
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

function detailLine({ name, value }: { readonly name: string; readonly value: string }): string {
  const statement = name === STATEMENT_DETAIL ? parseStatement(value) : undefined;
  // The complete statement is printed by -o json. `audit verify` verifies it.
  return statement
    ? `   the gateway states (not verified here): ${visible(describeStatement(statement))}`
    : `   ${visible(name)}: ${visible(value)}`;
}

function recordLines({ sequence, time, transition, actor, summary, hash, details }: AuditRecord): string {
  return [
    `${sequence}  ${visible(time)}  ${visible(transition)}  by ${visible(actor)}`,
    `   ${visible(summary)}`,
    ...(details ?? []).map(detailLine),
    `   ${visible(hash)}`,
  ].join('\n');
}
