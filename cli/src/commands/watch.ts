import { type AgentAction, agentActions, finalStates, type State, successStates } from '@sentinel/crds';
import { createInformer, isForbidden, type LogFields, type Logger, toError } from '@sentinel/kube';
import { shortenedLines } from '../print/shortened.ts';
import { resolveCommands } from '../print/unknown.ts';
import { messageOf, readAction, stateOf } from '../read.ts';
import type { Session } from '../session.ts';
import { painter } from '../terminal/paint.ts';
import { visible } from '../terminal/visible.ts';

/** Follows an action to its end: a line for each audit record and each new state. 0 when it ended well, else 1. */
export async function watch(session: Session, name: string): Promise<number> {
  const { client, namespace, io } = session;
  const tell = teller(name, namespace, (line) => io.out(line));
  const action = await readAction(session, name);
  // What is at its end already is told without a watch, which the caller may not be allowed.
  const at = tell(action);
  if (at !== undefined) return at;
  const stop = new AbortController();
  const { promise: ended, resolve, reject } = Promise.withResolvers<number>();
  const gone = () => {
    io.error(`error: '${name}' was deleted before it came to its end`);
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
    // Another action of the same name is not the one that is followed.
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

// The informer tries again by itself, for ever: a person must know why nothing moves, and what can't be allowed is not waited for.
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

/** Tells what is new in an action since it was told last. Answers with the exit code once it is at its end. */
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
