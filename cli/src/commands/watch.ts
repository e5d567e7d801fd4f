import { type AgentAction, agentActions, finalStates, type State, successStates } from '@sentinel/crds';
import { createInformer, isForbidden, type LogFields, type Logger, toError } from '@sentinel/kube';
import { shortenedLines } from '../print/shortened.ts';
import { resolveCommands } from '../print/unknown.ts';
import { messageOf, readAction, stateOf } from '../read.ts';
import type { Session } from '../session.ts';
import { painter } from '../terminal/paint.ts';
import { visible } from '../terminal/visible.ts';

/** Follows an action until it has ended: a line for each audit record and each new state. Returns 0 if it ended with success, else 1. */
export async function watch(session: Session, name: string): Promise<number> {
  const { client, namespace, io } = session;
  const tell = teller(name, namespace, (line) => io.out(line));
  const action = await readAction(session, name);
  // An action that has ended already is printed without a watch, for which the caller may have no right.
  const at = tell(action);
  if (at !== undefined) return at;
  const stop = new AbortController();
  const { promise: ended, resolve, reject } = Promise.withResolvers<number>();
  const gone = () => {
    io.error(`error: '${name}' was deleted before it ended`);
    resolve(1);
  };
  const informer = createInformer({
    client,
    resource: agentActions,
    namespace,
    fieldSelector: `metadata.name=${name}`,
    logger: watchLogger((text) => io.error(text), reject),
  });
  informer.onChange(({ type, object }) => {
    // Ignores a later action of the same name.
    if (type === 'delete' || object.metadata.uid !== action.metadata.uid) return gone();
    const code = tell(object);
    if (code !== undefined) resolve(code);
  });
  void informer.synced.then(() => informer.store.size === 0 && gone());
  const running = informer.start(stop.signal);
  try {
    return await ended;
  } finally {
    stop.abort();
    await running;
  }
}

type Tell = (action: AgentAction) => number | undefined;

// The informer retries indefinitely: print why there is no progress, and stop if the caller has no right to watch.
function watchLogger(error: (text: string) => void, giveUp: (error: unknown) => void): Logger {
  let told = false;
  const failed = (message: string, fields?: LogFields) => {
    const cause = toError(fields?.error ?? message);
    if (isForbidden(cause)) giveUp(cause);
    else if (!told) error(`warning: the watch was interrupted and is tried again: ${visible(cause.message)}`);
    told = true;
  };
  const logger: Logger = { error: failed, warn: failed, info: () => {}, debug: () => {}, child: () => logger };
  return logger;
}

/** Prints what is new in an action since the last call. Returns the exit code once the action has ended. */
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
    if (!final) return undefined;
    return successStates.has(state as State) ? 0 : 1;
  };
}
