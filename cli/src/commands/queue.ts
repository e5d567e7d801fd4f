import { type AgentAction, agentActions, effectNumber } from '@sentinel/crds';
import { readSuspensions, renderSuspensions } from '../print/suspension.ts';
import { requesterOf, stateOf } from '../read.ts';
import type { Session } from '../session.ts';
import { formatOf, raw } from '../terminal/raw.ts';
import { age, type Cell, table } from '../terminal/table.ts';
import { visible } from '../terminal/visible.ts';

const waitsForPeople: ReadonlySet<string> = new Set(['AwaitingApproval', 'Suspended', 'OutcomeUnknown']);

/** Lists the actions that wait for people, the longest wait first; above them the kill switches that are on. */
export async function queue(session: Session): Promise<number> {
  const { client, namespace, flags, io } = session;
  const format = formatOf(flags.output);
  const all = flags.allNamespaces === true;
  const { items } = await client.list(agentActions, all ? {} : { namespace });
  const waiting = items
    .filter((action) => waitsForPeople.has(stateOf(action)))
    .sort((a, b) => (waitingSince(a) ?? '').localeCompare(waitingSince(b) ?? ''));
  if (!format) for (const line of renderSuspensions(await readSuspensions(session, items), io.now())) io.out(line);
  if (format) io.out(raw({ apiVersion: 'v1', kind: 'List', items: waiting }, format));
  else if (waiting.length === 0)
    io.out(all ? 'Nothing waits for a decision.' : `Nothing waits for a decision in namespace ${namespace}.`);
  else {
    io.out([queueTable(waiting, all, io.now()), ...unmetLines(waiting), ...uncountedLines(waiting)].join('\n'));
    const [unknown] = waiting.filter((action) => stateOf(action) === 'OutcomeUnknown');
    if (unknown)
      io.out(
        `The outcome of an effect is unknown: kubectl sentinel plan ${visible(`${unknown.metadata.name} -n ${unknown.metadata.namespace ?? ''}`)}`,
      );
  }
  return 0;
}

// Actions that nobody can approve, as far as Sentinel knows.
const unmetLines = (waiting: readonly AgentAction[]): string[] =>
  waiting.flatMap(({ metadata, status }) =>
    status?.required?.unmet === undefined ? [] : [visible(`! ${metadata.name}: ${status.required.unmet}`)],
  );

/**
 * Approvals of the current plans that do not count, with the reason: the person may have become an agent, or lost the right. Only the last
 * decision of each person is of interest: an approval that they revoked or gave again is not missing.
 */
export const uncountedLines = (waiting: readonly AgentAction[]): string[] =>
  waiting.flatMap(({ metadata, status }) => {
    const last = new Map((status?.decisions ?? []).map((decision) => [decision.user, decision]));
    return [...last.values()]
      .filter(({ decision, counts, plan }) => decision === 'approve' && !counts && plan === status?.plan?.digest)
      .map(({ user, why }) =>
        visible(`! ${metadata.name}: the approval of ${user} does not count because ${why ?? 'its reason is unknown'}`),
      );
  });

/** The table of the queue; below each action a short summary of its changes. */
export function queueTable(waiting: readonly AgentAction[], all: boolean, now: number): string {
  const headings = [...(all ? ['NAMESPACE'] : []), 'NAME', 'RISK', 'EFFECTS', 'APPROVALS', 'REQUESTER', 'WAITING'];
  const rows = waiting.map((action) => [...(all ? [action.metadata.namespace] : []), ...rowOf(action, now)]);
  const [head, ...lines] = table(headings, rows, ['REQUESTER']).split('\n');
  return [head, ...lines.flatMap((line, at) => [line, ...changeLine(waiting[at])])].join('\n');
}

const changeLine = (action: AgentAction | undefined): string[] =>
  action?.status?.plan?.change === undefined ? [] : [`  ${visible(action.status.plan.change)}`];

function rowOf(action: AgentAction, now: number): Cell[] {
  const { status, metadata } = action;
  const approving = (status?.decisions ?? []).filter(({ counts, decision }) => counts && decision === 'approve');
  // One person counts once, however often they approve.
  const given = new Set(approving.map(({ user }) => user)).size;
  return [
    metadata.name,
    status?.plan?.risk,
    status?.plan?.effects,
    stateOf(action) === 'OutcomeUnknown' ? unknownOf(action) : `${given}/${status?.required?.approvals ?? '?'}`,
    shortRequester(action),
    age(waitingSince(action), now),
  ];
}

// Decisions after the run: effects whose outcome is unknown.
const unknownOf = ({ status }: AgentAction) =>
  `unknown: ${(status?.unknownEffects ?? []).map(({ effect }) => `effect ${effectNumber(effect)}`).join(', ')}`;

// The agent is usually in the namespace of its action: then only its name is shown, which needs less space. The plan shows the full name.
function shortRequester(action: AgentAction): string | undefined {
  const requester = requesterOf(action);
  const own = `system:serviceaccount:${action.metadata.namespace ?? ''}:`;
  const short = requester?.startsWith(own)
    ? `sa:${requester.slice(own.length)}`
    : requester?.replace(/^system:serviceaccount:/, 'sa:');
  const person = action.spec.onBehalfOf?.user;
  return person === undefined ? short : `${short ?? '<unknown>'} for ${person}`;
}

const waitingSince = (action: AgentAction) => {
  const since = stateOf(action) === 'OutcomeUnknown' ? 'Executed' : 'Rehearsed';
  return action.status?.conditions?.find(({ type }) => type === since)?.lastTransitionTime;
};
