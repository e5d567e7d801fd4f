import { type AgentAction, type AgentPolicy, agentActions, agentPolicies, finalStates, type State } from '@sentinel/crds';
import { exitCodes } from '../../exit-codes.ts';
import { requesterOf, stateOf } from '../../read.ts';
import type { Session } from '../../session.ts';
import { formatOf } from '../../terminal/format.ts';
import { raw } from '../../terminal/raw.ts';
import { age, type Cell, firstThatFits, growingTable, withoutHeadings } from '../../terminal/table.ts';

/** The record of a requester of actions in a namespace. */
export interface Agent {
  readonly namespace: string;
  /** The user name that admission recorded; it is authenticated. */
  readonly user: string;
  /** What the agent calls itself, which nobody verifies: name and model. */
  readonly claims: readonly string[];
  readonly actions: number;
  readonly open: number;
  readonly last: { readonly name: string; readonly state: string; readonly time: string };
  /** The policies whose kill switch is on for this agent; undefined if policies may not be read. */
  readonly suspendedBy?: readonly string[] | undefined;
}

/** Lists who has asked for actions, the most recent first, with their last action. */
export async function listAgents({ client, namespace, flags, io }: Session): Promise<number> {
  const format = formatOf(flags.output, { isTable: true });
  const all = flags.allNamespaces === true;
  const scope = all ? {} : { namespace };
  const [{ items }, policies] = await Promise.all([
    client.list(agentActions, { ...scope, labelSelector: flags.selector }),
    client.list(agentPolicies, scope).then(
      (list) => list.items,
      () => undefined,
    ),
  ]);
  const agents = agentsOf(items, policies);
  if (format) io.out(raw({ kind: 'List', items: agents }, format, flags));
  else if (agents.length === 0)
    io.error(all ? 'Nobody has asked for an action.' : `Nobody has asked for an action in namespace ${namespace}.`);
  else io.out(withoutHeadings(agentsTable(agents, { all, wide: flags.output === 'wide', now: io.now() }), flags));
  return exitCodes.done;
}

/** The requesters of actions. An action without a record of its requester is left out: it runs nothing. */
export function agentsOf(actions: readonly AgentAction[], policies: readonly AgentPolicy[] | undefined): Agent[] {
  const stamped = actions.filter((action) => requesterOf(action) !== undefined);
  const grouped = Map.groupBy(stamped, (action) => JSON.stringify([action.metadata.namespace, requesterOf(action)]));
  return [...grouped.values()].map((list) => agentOf(list, policies)).sort((a, b) => b.last.time.localeCompare(a.last.time));
}

function agentOf(list: readonly AgentAction[], policies: readonly AgentPolicy[] | undefined): Agent {
  const timeOf = ({ metadata }: AgentAction) => metadata.creationTimestamp ?? '';
  const [last = list[0] as AgentAction] = [...list].sort((a, b) => timeOf(b).localeCompare(timeOf(a)));
  const namespace = last.metadata.namespace ?? '';
  const user = requesterOf(last) ?? '';
  const claims = new Set(list.map(({ spec }) => [spec.intent.agent?.name, spec.intent.agent?.model].filter(Boolean).join('/')));
  return {
    namespace,
    user,
    claims: [...claims].filter((claim) => claim !== ''),
    actions: list.length,
    open: list.filter((action) => !finalStates.has(stateOf(action) as State)).length,
    last: { name: last.metadata.name, state: stateOf(last), time: timeOf(last) },
    suspendedBy: policies
      ?.filter((policy) => policy.spec?.suspended === true && policy.metadata.namespace === namespace && names(policy, user))
      .map(({ metadata }) => `AgentPolicy/${metadata.name}`),
  };
}

// Groups are not known here, so a policy for a group is taken to cover everyone: a kill switch rather shown once too often.
function names({ spec, metadata }: AgentPolicy, user: string): boolean {
  if (spec.subjects === undefined) return true;
  return spec.subjects.some(({ kind, name, namespace = metadata.namespace }) =>
    kind === 'Group' ? true : user === (kind === 'User' ? name : `system:serviceaccount:${namespace}:${name}`),
  );
}

interface View {
  readonly all: boolean;
  readonly wide: boolean;
  readonly now: number;
}

/** The table of agents. */
export function agentsTable(agents: readonly Agent[], { all, wide, now }: View): string {
  const headings = [
    ...(all ? ['NAMESPACE'] : []),
    ...['AGENT', 'ACTIONS', 'OPEN', 'LAST-ACTION', 'STATE', 'SEEN', 'SUSPENDED'],
    ...(wide ? ['CLAIMS', 'BY'] : []),
  ];
  const rows = agents.map((agent) => [
    ...(all ? [agent.namespace] : []),
    agent.user.replace(`system:serviceaccount:${agent.namespace}:`, 'sa:').replace(/^system:serviceaccount:/, 'sa:'),
    agent.actions,
    agent.open,
    agent.last.name,
    agent.last.state,
    age(agent.last.time, now),
    agent.suspendedBy === undefined ? '<unknown>' : agent.suspendedBy.length > 0 ? 'yes' : 'no',
    ...(wide ? [agent.claims.join(','), agent.suspendedBy?.join(',')] : []),
  ]);
  return firstThatFits(wide ? 0 : DISPENSABLE.length, (leftOut) => {
    const gone: ReadonlySet<string> = new Set(DISPENSABLE.slice(0, leftOut));
    const kept = (cells: readonly Cell[]) => cells.filter((_, column) => !gone.has(headings[column] ?? ''));
    return growingTable(kept(headings) as string[], rows.map(kept), wide ? [] : ['LAST-ACTION']);
  }).text;
}

/** Columns that a table of long names has no room for; `-o wide` shows them. */
const DISPENSABLE = ['OPEN', 'ACTIONS'] as const;
