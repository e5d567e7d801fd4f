import { type AgentAction, agentActions, finalStates, type State, successStates } from '@sentinel/crds';
import { exitCodes } from '../../exit-codes.ts';
import { remedyOfCode } from '../../explain/index.ts';
import { readSuspensions, renderSuspensions } from '../../print/suspension.ts';
import { resolveCommands } from '../../print/unknown.ts';
import { givenTo, messageOf, placeOf, readAction, requesterOf, stateOf } from '../../read.ts';
import type { Session } from '../../session.ts';
import { formatOf } from '../../terminal/format.ts';
import { type Paint, painter } from '../../terminal/paint.ts';
import { raw } from '../../terminal/raw.ts';
import { age, span } from '../../terminal/table.ts';
import { visible, visibleBlock } from '../../terminal/visible.ts';

/** Shows where an action is and what comes next; without a name, what goes on in the namespace. */
export async function status(session: Session, given: string | undefined): Promise<number> {
  const { client, namespace, io, flags } = session;
  const format = formatOf(flags.output);
  if (given !== undefined) {
    const action = await readAction(session, given);
    io.out(format ? raw(action, format) : renderStatus(action, io.now(), painter(io.colour)));
    return exitCodes.done;
  }
  const all = flags.allNamespaces === true;
  const { items } = await client.list(agentActions, { ...(all ? {} : { namespace }), labelSelector: flags.selector });
  const summary = summaryOf(all ? undefined : namespace, items);
  if (format) io.out(raw(summary, format));
  else {
    for (const line of renderSuspensions(await readSuspensions(session, items), io.now())) io.out(line);
    for (const line of summaryLines(summary)) io.out(line);
  }
  return exitCodes.done;
}

/** How many actions are in each state. */
export interface Summary {
  readonly kind: 'Summary';
  readonly namespace?: string | undefined;
  readonly actions: number;
  readonly open: number;
  readonly states: Readonly<Record<string, number>>;
}

/** Counts actions by their state. */
export function summaryOf(namespace: string | undefined, actions: readonly AgentAction[]): Summary {
  const states = Object.fromEntries(
    [...Map.groupBy(actions, stateOf)]
      .map(([state, list]): [string, number] => [state, list.length])
      .sort(([, a], [, b]) => b - a),
  );
  const open = actions.filter((action) => !finalStates.has(stateOf(action) as State)).length;
  return { kind: 'Summary', ...(namespace === undefined ? {} : { namespace }), actions: actions.length, open, states };
}

function summaryLines({ namespace, actions, open, states }: Summary): string[] {
  const where = namespace === undefined ? 'all namespaces' : `namespace ${visible(namespace)}`;
  if (actions === 0) return [`There are no actions in ${where}.`];
  const lines = Object.entries(states).map(([state, many]) => `  ${String(many).padStart(5)}  ${visible(state)}`);
  const waits = (states.AwaitingApproval ?? 0) + (states.OutcomeUnknown ?? 0) + (states.Suspended ?? 0);
  const queue = `kubectl sentinel queue ${namespace === undefined ? '-A' : `-n ${namespace}`}`;
  return [
    `${actions} ${actions === 1 ? 'action' : 'actions'} in ${where}, ${open} not ended`,
    ...lines,
    ...(waits > 0 ? [`${waits} ${waits === 1 ? 'waits' : 'wait'} for a person: ${queue}`] : []),
  ];
}

/** The state of an action in a few lines. */
export function renderStatus(action: AgentAction, now: number, paint: Paint): string {
  const { metadata, spec, status: found = {} } = action;
  const state = stateOf(action);
  const since = found.conditions?.find(({ type }) => type === 'Succeeded')?.lastTransitionTime;
  const style = successStates.has(state as State) ? 'green' : finalStates.has(state as State) ? 'red' : 'yellow';
  const field = (title: string, text: string | undefined) => (text ? [`  ${title.padEnd(10)} ${visible(text)}`] : []);
  const { plan, required, stages = [] } = found;
  const given = givenTo(action);
  const work = spec.playbookRef ? `Playbook ${spec.playbookRef.name}` : 'ad-hoc steps';
  const place = `${metadata.name} -n ${metadata.namespace ?? ''}`;
  return [
    `${paint('bold', placeOf(action))}  ${paint(style, visible(state))}${since ? `, for ${age(since, now)}` : ''}`,
    `  ${visible(messageOf(action))}`,
    visibleBlock(spec.intent.summary, '  | '),
    ...field(
      'asked by',
      `${requesterOf(action) ?? '<unknown>'}${spec.onBehalfOf ? ` on behalf of ${spec.onBehalfOf.user}` : ''}`,
    ),
    ...field('work', `${work}${found.account ? `, account ${found.account}` : ''}, mode ${spec.mode}`),
    ...field('parent', spec.intent.parentAction),
    ...field(
      'risk',
      plan &&
        `${plan.risk}, ${plan.effects} ${plan.effects === 1 ? 'effect' : 'effects'}${plan.change ? `: ${plan.change}` : ''}`,
    ),
    ...field('approvals', required && !finalStates.has(state as State) ? `${given} of ${required.approvals}` : undefined),
    ...field(
      'stages',
      stages
        .map(({ stage, outcome, startedAt, finishedAt }) => {
          const took = span(startedAt, finishedAt);
          return `${stage} ${outcome ?? 'under way'}${took ? ` (${took})` : ''}`;
        })
        .join(', '),
    ),
    ...nextLines(action, place),
  ].join('\n');
}

function nextLines(action: AgentAction, place: string): string[] {
  const state = stateOf(action);
  const commands = resolveCommands(action, undefined);
  if (commands.length > 0) return ['  next', ...commands.map((line) => `    ${line}`)];
  const remedy = remedyOfCode(state);
  if (state === 'AwaitingApproval') return [`  next       kubectl sentinel plan ${visible(place)}`];
  if (remedy !== undefined) return [`  next       ${visible(remedy)}`];
  return finalStates.has(state as State)
    ? [`  next       kubectl sentinel report ${visible(place)}`]
    : [`  next       kubectl sentinel watch ${visible(place)}`];
}
