import { type AgentAction, agentActions } from '@sentinel/crds';
import { exitCodes } from '../../exit-codes.ts';
import { namesOf } from '../../input/index.ts';
import { withoutKind } from '../../read.ts';
import { type Session, UsageError } from '../../session.ts';
import { sortBy } from '../../terminal/columns.ts';
import { formatOf } from '../../terminal/format.ts';
import { raw } from '../../terminal/raw.ts';
import { withoutHeadings } from '../../terminal/table.ts';
import { actionsTable, type TableView, visibleChange } from './actions-table.ts';
import { type FilterFlags, filterOf } from './filter.ts';
import { rawTeller, watchList } from './watch-list.ts';

export { shortRequester } from './actions-table.ts';
export { type FilterFlags, filterOf } from './filter.ts';
export { status } from './status.ts';
export { rawTeller, watchList } from './watch-list.ts';

export interface GetFlags extends FilterFlags {
  readonly filename?: string;
  readonly watch?: boolean;
  /** A path, such as `.metadata.name`; by age when left out. */
  readonly sortBy?: string;
}

/** Lists actions: all of a namespace, or those whose names begin with one of the given words, the newest last. */
export async function getActions(session: Session, given: readonly string[], flags: GetFlags): Promise<number> {
  const { client, namespace, io, flags: global } = session;
  const format = formatOf(global.output, { isTable: true });
  const all = global.allNamespaces === true;
  const filter = filterOf(flags);
  const isAsked = given.length > 0 || flags.filename !== undefined;
  const names = isAsked ? (await namesOf(session, { names: given, filename: flags.filename })).map(plainName) : undefined;
  const isShown = (action: AgentAction) =>
    filter(action) && (names?.some((name) => action.metadata.name.startsWith(name)) ?? true);
  const view = { all, wide: global.output === 'wide', now: io.now() };
  if (flags.watch && flags.sortBy !== undefined)
    throw new UsageError('FlagConflict', '--sort-by and --watch cannot be used together');
  if (flags.watch)
    return await watchList(session, { labelSelector: global.selector, ...printing(session, isShown, { ...view, format }) });
  const { items } = await client.list(agentActions, { ...(all ? {} : { namespace }), labelSelector: global.selector });
  const found = items.filter(isShown).sort(byAge);
  const shown = flags.sortBy === undefined ? found : sortBy(found, flags.sortBy);
  const missing = names?.find((name) => !items.some(({ metadata }) => metadata.name.startsWith(name)));
  if (format) io.out(raw(listOf(shown, names), format, global));
  else if (shown.length === 0 && missing === undefined)
    io.error(all ? 'There are no actions.' : `There are no actions in namespace ${namespace}.`);
  else if (shown.length > 0) io.out(withoutHeadings(actionsTable(shown, view).text, global));
  if (missing === undefined) return exitCodes.done;
  throw new UsageError(
    'ObjectNotFound',
    `there is no action whose name begins with '${missing}'${all ? '' : ` in namespace '${namespace}'`}`,
  );
}

const plainName = (name: string) => withoutKind(name, agentActions);
const byAge = (a: AgentAction, b: AgentAction) =>
  (a.metadata.creationTimestamp ?? '').localeCompare(b.metadata.creationTimestamp ?? '') ||
  a.metadata.name.localeCompare(b.metadata.name);

// As kubectl: one object for one whole name, else a List.
const listOf = (shown: readonly AgentAction[], names: readonly string[] | undefined) =>
  names?.length === 1 && shown.length === 1 && shown[0]?.metadata.name === names[0]
    ? shown[0]
    : { apiVersion: 'v1', kind: 'List', items: shown };

type Printed = TableView & { readonly format: ReturnType<typeof formatOf> };

// A row for each change that is visible in the table, as kubectl --watch does.
function printing(session: Session, isShown: (action: AgentAction) => boolean, { format, ...view }: Printed) {
  const { io, flags } = session;
  const programs = format && rawTeller(session, format);
  const told = new Map<string, string>();
  let table = actionsTable([], view);
  const isNew = (action: AgentAction) => {
    const key = action.metadata.uid ?? action.metadata.name;
    const text = visibleChange(action);
    const before = told.get(key);
    told.set(key, text);
    return text !== before;
  };
  const tell = (action: AgentAction) => {
    if (programs) programs.tell(action);
    else if (isNew(action)) io.out(table.addRow(action, io.now()));
  };
  return {
    onBegin: (actions: readonly AgentAction[]) => {
      const shown = actions.filter(isShown).sort(byAge);
      if (programs) return programs.begin(shown);
      table = actionsTable(shown, view);
      io.out(withoutHeadings(table.text, flags));
      shown.forEach(isNew);
    },
    onChange: (action: AgentAction) => {
      if (isShown(action)) tell(action);
    },
  };
}
