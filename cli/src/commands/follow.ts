import { type AgentAction, agentActions, finalStates, type State } from '@sentinel/crds';
import { createInformer, isForbidden, type LogFields, type Logger, toError } from '@sentinel/kube';
import { messageOf, stateOf } from '../read.ts';
import { type Session, UsageError } from '../session.ts';
import { visible } from '../terminal/visible.ts';

/** Whether an action has ended. */
export const hasEnded = (action: AgentAction): boolean => finalStates.has(stateOf(action) as State);

/** How long an action is followed; without a time until it has ended. */
export interface Patience {
  readonly timeoutMs?: number | undefined;
}

/**
 * Follows an action until it has ended, and returns it as it is then. `onChange` is called for each version that is seen, the given one
 * first. Throws UsageError if the time is over, or if the action is deleted before it has ended.
 */
export async function follow(
  { client, namespace, io }: Session,
  action: AgentAction,
  onChange: (action: AgentAction) => void,
  { timeoutMs }: Patience = {},
): Promise<AgentAction> {
  const { name, uid } = action.metadata;
  onChange(action);
  // An action that has ended already needs no watch, for which the caller may have no right.
  if (hasEnded(action)) return action;
  let last = action;
  const stop = new AbortController();
  const { promise: ended, resolve, reject } = Promise.withResolvers<AgentAction>();
  const gone = () => reject(new UsageError('ObjectNotFound', `'${name}' was deleted before it ended`));
  const informer = createInformer({
    client,
    resource: agentActions,
    namespace,
    fieldSelector: `metadata.name=${name}`,
    logger: watchLogger((text) => io.error(text), reject),
  });
  informer.onChange(({ type, object }) => {
    // Ignores a later action of the same name.
    if (type === 'delete' || object.metadata.uid !== uid) return gone();
    last = object;
    onChange(object);
    if (hasEnded(object)) resolve(object);
  });
  void informer.synced.then(() => informer.store.size === 0 && gone());
  const running = informer.start(stop.signal);
  const timer =
    timeoutMs === undefined ? undefined : setTimeout(() => reject(timedOut(last, timeoutMs)), Math.min(timeoutMs, 2 ** 31 - 1));
  try {
    return await ended;
  } finally {
    clearTimeout(timer);
    stop.abort();
    await running;
  }
}

const timedOut = (action: AgentAction, timeoutMs: number) =>
  new UsageError(
    'TimedOut',
    `'${action.metadata.name}' has not ended within ${timeoutMs / 1000}s; it is ${stateOf(action)}: ${messageOf(action)}`,
  );

/** The informer retries indefinitely: prints why there is no progress, and gives up if the caller has no right to watch. */
export function watchLogger(error: (text: string) => void, giveUp: (error: unknown) => void): Logger {
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
