import { type AgentAction, agentActions, effectNumber } from '@sentinel/crds';
import { readSuspensions, renderSuspensions } from '../print/suspension.ts';
import { stateOf } from '../read.ts';
import type { Session } from '../session.ts';
import { formatOf } from '../terminal/format.ts';
import { raw } from '../terminal/raw.ts';
import { age, type Cell, table } from '../terminal/table.ts';
import { visible } from '../terminal/visible.ts';
import { type FilterFlags, filterOf, shortRequester, watchList } from './get/index.ts';

const waitsForPeople: ReadonlySet<string> = new Set(['AwaitingApproval', 'Suspended', 'OutcomeUnknown']);

export interface QueueFlags extends FilterFlags {
  readonly watch?: boolean;
}

/**
 * Lists the actions that wait for people, the longest wait first; above them the kill switches that are on. With `--watch` it goes on, and
 * names each action that begins to wait or whose approvals change.
 */
export async function queue(session: Session, { watch, ...wanted }: QueueFlags = {}): Promise<number> {
  const { client, namespace, flags, io } = session;
  const format = formatOf(flags.output, { isTable: true });
  const filter = filterOf(wanted);
  const all = flags.allNamespaces === true;
  const { items } = await client.list(agentActions, { ...(all ? {} : { namespace }), labelSelector: flags.selector });
  const waiting = items
    .filter((action) => waitsForPeople.has(stateOf(action)) && filter(action))
    .sort((a, b) => (waitingSince(a) ?? '').localeCompare(waitingSince(b) ?? ''));
  if (!format) for (const line of renderSuspensions(await readSuspensions(session, items), io.now())) io.out(line);
  if (format) {
    if (!watch) io.out(raw({ apiVersion: 'v1', kind: 'List', items: waiting }, format));
    else for (const action of waiting) io.out(raw(action, format));
  } else if (waiting.length === 0)
    io.out(all ? 'Nothing waits for a decision.' : `Nothing waits for a decision in namespace ${namespace}.`);
  else {
    io.out(
      [queueTable(waiting, all, io.now(), flags.output === 'wide'), ...unmetLines(waiting), ...uncountedLines(waiting)].join(
        '\n',
      ),
    );
    const [unknown] = waiting.filter((action) => stateOf(action) === 'OutcomeUnknown');
    if (unknown)
      io.out(
        `The outcome of an effect is unknown: kubectl sentinel plan ${visible(`${unknown.metadata.name} -n ${unknown.metadata.namespace ?? ''}`)}`,
      );
  }
  if (watch) return await watchQueue(session, waiting, filter);
  return 0;
}

async function watchQueue(
  session: Session,
  waiting: readonly AgentAction[],
  filter: (action: AgentAction) => boolean,
): Promise<never> {
  const { io, flags } = session;
  const format = formatOf(flags.output, { isTable: true });
  const told = new Map(waiting.map((action) => [action.metadata.uid, JSON.stringify(rowOf(action, 0))]));
  const tell = (action: AgentAction) => {
    const isWaiting = waitsForPeople.has(stateOf(action)) && filter(action);
    const text = isWaiting ? JSON.stringify(rowOf(action, 0)) : undefined;
    const before = told.get(action.metadata.uid);
    if (text === before) return;
    if (text === undefined) told.delete(action.metadata.uid);
    else told.set(action.metadata.uid, text);
    if (format) return isWaiting && io.out(raw(action, format));
    const place = `${action.metadata.namespace ?? ''}/${action.metadata.name}`;
    io.out(
      isWaiting
        ? queueTable([action], flags.allNamespaces === true, io.now())
        : visible(`${place} waits no more: ${stateOf(action)}`),
    );
  };
  return await watchList(session, { labelSelector: flags.selector, onBegin: (actions) => actions.forEach(tell), onChange: tell });
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
export function queueTable(waiting: readonly AgentAction[], all: boolean, now: number, wide = false): string {
  const headings = [
    ...(all ? ['NAMESPACE'] : []),
    ...['NAME', 'RISK', 'EFFECTS', 'APPROVALS', 'REQUESTER', 'WAITING'],
    ...(wide ? ['STATE', 'WORK'] : []),
  ];
  const rows = waiting.map((action) => [
    ...(all ? [action.metadata.namespace] : []),
    ...rowOf(action, now),
    ...(wide ? [stateOf(action), action.spec.playbookRef?.name ?? 'ad-hoc steps'] : []),
  ]);
  const [head, ...lines] = table(headings, rows, ['REQUESTER', 'WORK']).split('\n');
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

const waitingSince = (action: AgentAction) => {
  const since = stateOf(action) === 'OutcomeUnknown' ? 'Executed' : 'Rehearsed';
  return action.status?.conditions?.find(({ type }) => type === since)?.lastTransitionTime;
};
