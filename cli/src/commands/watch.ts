import { type AgentAction, finalStates, type State, successStates } from '@sentinel/crds';
import { exitCodeOfState, exitCodes } from '../exit-codes.ts';
import { shortenedLines } from '../print/shortened.ts';
import { resolveCommands } from '../print/unknown.ts';
import { messageOf, readAction, stateOf } from '../read.ts';
import type { Session } from '../session.ts';
import { painter } from '../terminal/paint.ts';
import { visible } from '../terminal/visible.ts';
import { follow, type Patience } from './follow.ts';

/** Follows an action until it has ended: a line for each audit record and each new state. Returns the exit code of its end. */
export async function watch(session: Session, given: string, patience: Patience = {}): Promise<number> {
  const action = await readAction(session, given);
  const tell = teller(action.metadata.name, session.namespace, (line) => session.io.out(line));
  return endCode(await follow(session, action, tell, patience));
}

/** The exit code of an action that has ended. */
export const endCode = (action: AgentAction): number =>
  successStates.has(stateOf(action) as State) ? exitCodes.done : exitCodeOfState(stateOf(action));

type Tell = (action: AgentAction) => void;

/** Prints what is new in an action since the last call. */
export function teller(name: string, namespace: string, out: (line: string) => void): Tell {
  let told = 0;
  let last: string | undefined;
  let shortened = 0;
  return (action) => {
    for (const { sequence, time, transition, summary } of action.status?.outbox?.records ?? []) {
      if (sequence <= told) continue;
      told = sequence;
      out(`${visible(time.slice(11, 19))}  ${visible(transition).padEnd(19)}  ${visible(summary)}`);
    }
    const state = stateOf(action);
    const final = finalStates.has(state as State);
    if (state !== last) {
      out(`${final ? '' : '          '}${visible(state)}: ${visible(messageOf(action))}`);
      if (state === 'AwaitingApproval' && !messageOf(action).includes('kubectl sentinel plan'))
        out(`          to decide: kubectl sentinel plan ${name} -n ${namespace}`);
      for (const line of resolveCommands(action, undefined)) out(`          ${line}`);
    }
    last = state;
    const missing = action.status?.shortened?.length ?? 0;
    if (missing > shortened) for (const line of shortenedLines(action, painter(false))) if (line !== '') out(line);
    shortened = Math.max(shortened, missing);
  };
}
