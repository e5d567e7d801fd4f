import type { AgentAction } from '@sentinel/crds';
import { messageOf, requesterOf, stateOf } from '../../read.ts';
import { age, type Cell, firstThatFits, growingTable } from '../../terminal/table.ts';

/** How a table of actions is shown. */
export interface TableView {
  readonly all: boolean;
  readonly wide: boolean;
  readonly now: number;
}

interface Column {
  readonly heading: string;
  readonly of: (action: AgentAction, now: number) => Cell;
}

const name: Column = { heading: 'NAME', of: ({ metadata }) => metadata.name };
const columns: readonly Column[] = [
  name,
  { heading: 'STATE', of: stateOf },
  { heading: 'RISK', of: ({ status }) => status?.plan?.risk },
  { heading: 'EFFECTS', of: ({ status }) => status?.plan?.effects },
  { heading: 'WORK', of: ({ spec }) => workOf(spec) },
  { heading: 'REQUESTER', of: (action) => shortRequester(action) },
  { heading: 'AGE', of: ({ metadata }, now) => age(metadata.creationTimestamp, now) },
];
const more: readonly Column[] = [
  { heading: 'ACCOUNT', of: ({ status }) => status?.account },
  { heading: 'MESSAGE', of: messageOf },
];
function workOf({ playbookRef, steps, rollbackOf }: AgentAction['spec']): string | undefined {
  if (rollbackOf) return `rollback of ${rollbackOf.name}`;
  return playbookRef?.name ?? (steps ? 'ad-hoc steps' : undefined);
}

/** Columns that a table of long names has no room for; `-o wide` shows them. */
const dispensable = ['WORK', 'EFFECTS', 'REQUESTER'] as const;
const shrinking = ['WORK', 'REQUESTER'] as const;

/** A table of actions. */
export interface ActionsTable {
  readonly text: string;
  readonly addRow: (action: AgentAction, now: number) => string;
}

/**
 * A table of actions, at most 120 columns wide: requesters and Playbooks are cut, and columns are left out, but names never are. A wide table
 * has everything, however wide it gets.
 */
export function actionsTable(actions: readonly AgentAction[], view: TableView): ActionsTable {
  const row = (action: AgentAction, now: number, shown: readonly Column[]) => shown.map(({ of }) => of(action, now));
  let used: readonly Column[] = [];
  const made = firstThatFits(view.wide ? 0 : dispensable.length, (leftOut) => {
    const gone: ReadonlySet<string> = new Set(dispensable.slice(0, leftOut));
    used = [
      ...(view.all ? [{ heading: 'NAMESPACE', of: ({ metadata }: AgentAction) => metadata.namespace }] : []),
      ...columns.filter(({ heading }) => !gone.has(heading)),
      ...(view.wide ? more : []),
    ];
    return growingTable(
      used.map(({ heading }) => heading),
      actions.map((action) => row(action, view.now, used)),
      view.wide ? [] : shrinking,
    );
  });
  return { text: made.text, addRow: (action, now) => made.addRow(row(action, now, used)) };
}

/** What `--watch` compares to tell whether something changed that a table shows. */
export const visibleChange = (action: AgentAction): string =>
  JSON.stringify([...columns, ...more].filter(({ heading }) => heading !== 'AGE').map(({ of }) => of(action, 0) ?? null));

/**
 * The requester, without the namespace if that is the namespace of the action: an agent usually is there, and a table has little space. The
 * plan shows the full name.
 */
export function shortRequester(action: AgentAction): string | undefined {
  const requester = requesterOf(action);
  const own = `system:serviceaccount:${action.metadata.namespace ?? ''}:`;
  const short = requester?.startsWith(own)
    ? `sa:${requester.slice(own.length)}`
    : requester?.replace(/^system:serviceaccount:/, 'sa:');
  const person = action.spec.onBehalfOf?.user;
  return person === undefined ? short : `${short ?? '<unknown>'} for ${person}`;
}
