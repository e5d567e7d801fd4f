import { type AgentAction, agentActions, effectNumber } from '@sentinel/crds';
import { readSuspensions, renderSuspensions } from '../print/suspension.ts';
import { givenTo, stateOf } from '../read.ts';
import type { Session } from '../session.ts';
import { formatOf } from '../terminal/format.ts';
import { raw } from '../terminal/raw.ts';
import { age, type Cell, firstThatFits, growingTable } from '../terminal/table.ts';
import { visible } from '../terminal/visible.ts';
import { type FilterFlags, filterOf, rawTeller, shortRequester, watchList } from './get/index.ts';

const waitsForPeople: ReadonlySet<string> = new Set(['AwaitingApproval', 'Suspended', 'OutcomeUnknown']);

export interface QueueFlags extends FilterFlags {
  readonly watch?: boolean;
}

/**
 * Lists the actions that wait for people, the longest wait first; above them the kill switches that are on. With `--watch` it goes on, and
 * names each action that begins to wait or whose approvals change. With `--no-headers` it prints rows and nothing else.
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
  if (!format && flags.headers !== false)
    for (const line of renderSuspensions(await readSuspensions(session, items), io.now())) io.out(line);
  const shown = growingQueue(waiting, viewOf(session));
  if (format && watch) rawTeller(session, format).begin(waiting);
  else if (format) io.out(raw({ apiVersion: 'v1', kind: 'List', items: waiting }, format, flags));
  else if (waiting.length === 0)
    io.error(all ? 'Nothing waits for a decision.' : `Nothing waits for a decision in namespace ${namespace}.`);
  else io.out([shown.text, ...(flags.headers === false ? [] : remarksOn(waiting))].join('\n'));
  return watch ? await watchQueue(session, { waiting, filter, addRow: shown.addRow }) : 0;
}

const viewOf = ({ flags, io }: Session): QueueView => ({
  all: flags.allNamespaces === true,
  wide: flags.output === 'wide',
  headers: flags.headers !== false,
  now: io.now(),
});

interface WatchedQueue {
  readonly waiting: readonly AgentAction[];
  readonly filter: (action: AgentAction) => boolean;
  readonly addRow: GrowingQueue['addRow'];
}

async function watchQueue(session: Session, { waiting, filter, addRow }: WatchedQueue): Promise<never> {
  const { io, flags } = session;
  const format = formatOf(flags.output, { isTable: true });
  const programs = format && rawTeller(session, format);
  const told = new Map(waiting.map((action) => [action.metadata.uid, JSON.stringify(rowOf(action, 0))]));
  const tell = (action: AgentAction) => {
    const isWaiting = waitsForPeople.has(stateOf(action)) && filter(action);
    const text = isWaiting ? JSON.stringify(rowOf(action, 0)) : undefined;
    const before = told.get(action.metadata.uid);
    if (text === before) return;
    if (text === undefined) told.delete(action.metadata.uid);
    else told.set(action.metadata.uid, text);
    if (programs) return isWaiting && programs.tell(action);
    const place = `${action.metadata.namespace ?? ''}/${action.metadata.name}`;
    if (isWaiting) io.out(addRow(action, io.now()));
    else if (flags.headers !== false) io.out(visible(`${place} waits no more: ${stateOf(action)}`));
  };
  return await watchList(session, { labelSelector: flags.selector, onBegin: (actions) => actions.forEach(tell), onChange: tell });
}

// What people must know about some of the rows.
function remarksOn(waiting: readonly AgentAction[]): string[] {
  const [unknown] = waiting.filter((action) => stateOf(action) === 'OutcomeUnknown');
  const next = unknown && `kubectl sentinel plan ${unknown.metadata.name} -n ${unknown.metadata.namespace ?? ''}`;
  return [
    ...unmetLines(waiting),
    ...uncountedLines(waiting),
    ...(next === undefined ? [] : [`The outcome of an effect is unknown: ${visible(next)}`]),
  ];
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

/** Columns that a table of long names has no room for; `-o wide` shows them. */
const DISPENSABLE = ['EFFECTS', 'REQUESTER'] as const;

/** How the queue is shown. */
export interface QueueView {
  readonly all: boolean;
  readonly now: number;
  readonly wide?: boolean;
  readonly headers?: boolean;
}

/** The table of the queue, to which rows are added while it is watched. */
export interface GrowingQueue {
  readonly text: string;
  readonly addRow: (action: AgentAction, now: number) => string;
}

/** The table of the queue; below each action a short summary of its changes, unless only rows are wanted. */
export function growingQueue(
  waiting: readonly AgentAction[],
  { all, now, wide = false, headers = true }: QueueView,
): GrowingQueue {
  const headings = [
    ...(all ? ['NAMESPACE'] : []),
    ...['NAME', 'RISK', 'EFFECTS', 'APPROVALS', 'REQUESTER', 'WAITING'],
    ...(wide ? ['STATE', 'WORK'] : []),
  ];
  let gone: ReadonlySet<string> = new Set();
  const cells = (action: AgentAction, at: number) =>
    [
      ...(all ? [action.metadata.namespace] : []),
      ...rowOf(action, at),
      ...(wide ? [stateOf(action), action.spec.playbookRef?.name ?? 'ad-hoc steps'] : []),
    ].filter((_, column) => !gone.has(headings[column] ?? ''));
  const made = firstThatFits(wide ? 0 : DISPENSABLE.length, (leftOut) => {
    gone = new Set(DISPENSABLE.slice(0, leftOut));
    const rows = waiting.map((action) => cells(action, now));
    return growingTable(
      headings.filter((heading) => !gone.has(heading)),
      rows,
      wide ? [] : ['REQUESTER'],
    );
  });
  const [head = '', ...rows] = made.text.split('\n');
  const withChange = (row: string, action: AgentAction | undefined) => [row, ...(headers ? changeLine(action) : [])];
  return {
    text: [...(headers ? [head] : []), ...rows.flatMap((row, at) => withChange(row, waiting[at]))].join('\n'),
    addRow: (action, at) => withChange(made.addRow(cells(action, at)), action).join('\n'),
  };
}

const changeLine = (action: AgentAction | undefined): string[] =>
  action?.status?.plan?.change === undefined ? [] : [`  ${visible(action.status.plan.change)}`];

function rowOf(action: AgentAction, now: number): Cell[] {
  const { status, metadata } = action;
  const given = givenTo(action);
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
