import { type AgentAction, agentActions } from '@sentinel/crds';
import { formatOf, raw } from '../print/raw.ts';
import { age, type Cell, table } from '../print/table.ts';
import { requesterOf, stateOf } from '../read.ts';
import type { Session } from '../session.ts';

const waitsForPeople: ReadonlySet<string> = new Set(['AwaitingApproval', 'Suspended']);

/** Lists the actions that wait for people, the longest wait first. */
export async function queue({ client, namespace, flags, io }: Session): Promise<number> {
  const format = formatOf(flags.output);
  const all = flags.allNamespaces === true;
  const { items } = await client.list(agentActions, all ? {} : { namespace });
  const waiting = items
    .filter((action) => waitsForPeople.has(stateOf(action)))
    .sort((a, b) => (waitingSince(a) ?? '').localeCompare(waitingSince(b) ?? ''));
  if (format) io.out(raw({ apiVersion: 'v1', kind: 'List', items: waiting }, format));
  else if (waiting.length === 0)
    io.out(all ? 'Nothing waits for a decision.' : `Nothing waits for a decision in namespace ${namespace}.`);
  else io.out(queueTable(waiting, all, io.now()));
  return 0;
}

/** The table of the queue. */
export function queueTable(waiting: readonly AgentAction[], all: boolean, now: number): string {
  const headings = [...(all ? ['NAMESPACE'] : []), 'NAME', 'RISK', 'EFFECTS', 'APPROVALS', 'REQUESTER', 'WAITING'];
  const rows = waiting.map((action) => [...(all ? [action.metadata.namespace] : []), ...rowOf(action, now)]);
  return table(headings, rows, ['REQUESTER']);
}

function rowOf(action: AgentAction, now: number): Cell[] {
  const { status, metadata } = action;
  const approving = (status?.decisions ?? []).filter(({ counts, decision }) => counts && decision === 'approve');
  // One person counts once, however often they approve.
  const given = new Set(approving.map(({ user }) => user)).size;
  return [
    metadata.name,
    status?.plan?.risk,
    status?.plan?.effects,
    `${given}/${status?.required?.approvals ?? '?'}`,
    shortRequester(action),
    age(waitingSince(action), now),
  ];
}

// An agent is mostly of the namespace of its action: then its name alone says more than both cut short. The plan shows all of it.
function shortRequester(action: AgentAction): string | undefined {
  const requester = requesterOf(action);
  const own = `system:serviceaccount:${action.metadata.namespace ?? ''}:`;
  if (requester?.startsWith(own)) return `sa:${requester.slice(own.length)}`;
  return requester?.replace(/^system:serviceaccount:/, 'sa:');
}

const waitingSince = (action: AgentAction) =>
  action.status?.conditions?.find(({ type }) => type === 'Rehearsed')?.lastTransitionTime;
