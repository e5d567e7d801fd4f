import {
  type ActionPlan,
  type AgentAction,
  actionPlans,
  finalStates,
  namespaces,
  STATEMENT_KEYS,
  type State,
} from '@sentinel/crds';
import { configmaps, isForbidden } from '@sentinel/kube';
import {
  describeRun,
  lastRunStatement,
  readSealKeys,
  rollbackDifferences,
  type SealKeys,
  type Stated,
  statedStates,
  statementFindings,
} from '@sentinel/policy';
import { stateOf } from '../../read.ts';
import type { Session } from '../../session.ts';

/** The keys of the gateway, and since when it signs statements in this cluster. */
export interface StatementKeys {
  readonly keys: SealKeys | undefined;
  /** Actions created before this time have no statements; milliseconds since the epoch, from the creation time of the ConfigMap. */
  readonly since: number;
}

/** Reads the public keys of the gateway. If the caller may not read them, prints a warning; statements are then compared but not verified. */
export async function readStatementKeys({ client, io }: Session): Promise<StatementKeys> {
  try {
    const published = await client.get(configmaps, { name: STATEMENT_KEYS, namespace: namespaces.system });
    return {
      keys: readSealKeys(published?.data as Record<string, string> | undefined),
      since: Date.parse(published?.metadata.creationTimestamp ?? '') || 0,
    };
  } catch (error) {
    if (!isForbidden(error)) throw error;
    io.error(
      `warning: statements of the gateway are compared, but their seals are not verified: reading the ConfigMap '${STATEMENT_KEYS}' in namespace '${namespaces.system}' is required for that`,
    );
    return { keys: undefined, since: 0 };
  }
}

/** The plans of actions, by the uid of the action. */
export async function readPlans({ client, io }: Session, namespace: string | undefined): Promise<Map<string, ActionPlan[]>> {
  try {
    const { items } = await client.list(actionPlans, namespace === undefined ? {} : { namespace });
    return Map.groupBy(items, ({ spec }) => spec.action.uid);
  } catch (error) {
    if (!isForbidden(error)) throw error;
    io.error(
      'warning: plans are not compared with the statements of the gateway: the verb list on actionplans is required for that',
    );
    return new Map();
  }
}

/**
 * Differences between what the operator recorded about an action and the statements of the gateway: in its audit records, in its plan, and in
 * its status. Actions from before the gateway signed statements are not compared.
 */
export function findUnstated(action: AgentAction, plans: readonly ActionPlan[], { keys, since }: StatementKeys): string[] {
  const stated = statedOf(action, plans, keys);
  const findings = statementFindings(stated);
  const isOlder = Date.parse(action.metadata.creationTimestamp ?? '') < since;
  const kept = isOlder ? findings.filter((finding) => !finding.includes('has no statement of the gateway')) : findings;
  return [...kept, ...statusFindings(action, stated)];
}

/** Describes the statement of the gateway about the run of an action; undefined if no statement verifies. */
export function statedRun(action: AgentAction, keys: SealKeys | undefined): string | undefined {
  const statement = lastRunStatement(statedOf(action, [], keys));
  return statement && describeRun(statement);
}

const statedOf = (action: AgentAction, plans: readonly ActionPlan[], keys: SealKeys | undefined): Stated => ({
  action: action.metadata.uid ?? '',
  records: action.status?.outbox?.records ?? [],
  keys,
  plans,
  mode: action.spec.mode,
});

// The status can be changed after the record was made, so it is compared with the newest statement itself.
function statusFindings(action: AgentAction, stated: Stated): string[] {
  const { status } = action;
  const statement = lastRunStatement(stated);
  if (!status || statement?.job === undefined) return [];
  const states = statedStates(statement);
  const isWhole = states.every((state) => state === 'D' || state === 'A');
  const run = status.stages?.findLast(({ stage }) => stage === 'run');
  const ended = finalStates.has(stateOf(action) as State);
  const isTrue = (wanted: string) => status.conditions?.some(({ type, status: is }) => type === wanted && is === 'True');
  const says = `the gateway says: ${describeRun(statement)}`;
  return [
    ...(run && run.uid !== statement.job ? [`the status names the Job '${run.uid}' as that of the run; ${says}`] : []),
    ...(!ended || status.rollback?.length || isWhole || run?.outcome !== 'Succeeded'
      ? []
      : [`the status says that the run succeeded; ${says}`]),
    ...(ended && isTrue('Verified') && !statement.verified ? [`the condition Verified is True; ${says}`] : []),
    ...(ended ? rollbackDifferences(status.rollback ?? [], states).map((difference) => `the status: ${difference}`) : []),
  ];
}
