import { type AgentAction, type State, successStates } from '@sentinel/crds';
import { type ExitCode, exitCodeOfState, exitCodes } from '../exit-codes.ts';
import { type RuleNamed, remedyOfCode, rulesIn } from '../explain/index.ts';
import { namesOf } from '../input/index.ts';
import { messageOf, readAction, stateOf } from '../read.ts';
import type { Session } from '../session.ts';
import { formatOf } from '../terminal/format.ts';
import { raw } from '../terminal/raw.ts';
import { visible } from '../terminal/visible.ts';
import { follow, type Patience } from './follow.ts';

/** How an action ended, for programs. */
export interface Outcome {
  readonly kind: 'Outcome';
  readonly namespace: string;
  readonly name: string;
  readonly uid: string | undefined;
  readonly state: string;
  readonly succeeded: boolean;
  readonly message: string;
  /** The state, or the first code of a refusal by policy. */
  readonly code: string;
  readonly codes: readonly string[];
  readonly rules?: readonly RuleNamed[];
  /** What to do next; absent after success. */
  readonly remedy?: string;
  readonly plan?: { readonly name: string; readonly digest: string; readonly risk: string; readonly effects: number };
  readonly results?: readonly { readonly name: string; readonly mediaType: string; readonly content: string }[];
  readonly exitCode: ExitCode;
}

export interface WaitFlags extends Patience {
  readonly filename?: string;
}

/** Waits until every action has ended, whatever its end is, and prints the ends. Returns the first exit code that is not 0. */
export async function wait(session: Session, names: readonly string[], flags: WaitFlags): Promise<number> {
  const format = formatOf(session.flags.output);
  const wanted = await namesOf(session, { names, filename: flags.filename });
  const actions: AgentAction[] = [];
  for (const name of wanted) actions.push(await readAction(session, name));
  const ended = await Promise.all(actions.map((action) => follow(session, action, () => {}, flags)));
  const outcomes = ended.map(outcomeOf);
  if (format) session.io.out(raw(outcomes.length === 1 ? outcomes[0] : { kind: 'List', items: outcomes }, format));
  else for (const outcome of outcomes) for (const line of outcomeLines(outcome)) session.io.out(line);
  return outcomes.find(({ exitCode }) => exitCode !== exitCodes.done)?.exitCode ?? exitCodes.done;
}

/** The end of an action, for programs. */
export function outcomeOf(action: AgentAction): Outcome {
  const { metadata, status } = action;
  const state = stateOf(action);
  const succeeded = successStates.has(state as State);
  const message = messageOf(action);
  const codes = refusalCodes(action);
  const code = codes[0] ?? state;
  const rules = succeeded ? [] : rulesIn(message);
  const remedy = succeeded ? undefined : remedyOfCode(code);
  return {
    kind: 'Outcome',
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    uid: metadata.uid,
    state,
    succeeded,
    message,
    code,
    codes: codes.length > 0 ? codes : [state],
    ...(rules.length > 0 ? { rules } : {}),
    ...(remedy === undefined ? {} : { remedy }),
    ...(status?.plan === undefined
      ? {}
      : { plan: { name: status.plan.name, digest: status.plan.digest, risk: status.plan.risk, effects: status.plan.effects } }),
    ...(status?.results?.length
      ? { results: status.results.map(({ name, mediaType, content }) => ({ name, mediaType, content })) }
      : {}),
    exitCode: succeeded ? exitCodes.done : exitCodeOfState(state),
  };
}

/** The codes of what policy refused, as the last record of the action has them. */
const refusalCodes = ({ status }: AgentAction): string[] =>
  status?.outbox?.records
    .findLast(({ transition }) => transition === 'Ended')
    ?.details?.find(({ name }) => name === 'sentinel.refusal.codes')
    ?.value.split(',')
    .filter((code) => code !== '') ?? [];

/** The end of an action for people. */
export const outcomeLines = ({ name, state, message, remedy }: Outcome): string[] => [
  `agentaction.sentinel.dev/${visible(name)} ${visible(state)}: ${visible(message)}`,
  ...(remedy === undefined ? [] : [`  next: ${visible(remedy)}`]),
];
