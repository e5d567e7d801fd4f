import { type AgentAction, agentActions } from '@sentinel/crds';
import { createInformer } from '@sentinel/kube';
import type { Session } from '../../session.ts';
import type { RawFormat } from '../../terminal/format.ts';
import { raw } from '../../terminal/raw.ts';
import { watchLogger } from '../follow.ts';

/** What is watched, and what is shown of it. */
export interface Watched {
  readonly labelSelector?: string | undefined;
  /** Called once with the existing actions, in the order of the server. */
  readonly onBegin: (actions: readonly AgentAction[]) => void;
  /** Called for each action that is new or changed afterwards. */
  readonly onChange: (action: AgentAction) => void;
}

/** Prints what is watched in a format for programs: an object after the other, or the rows of one table of `custom-columns`. */
export function rawTeller({ io, flags }: Session, format: RawFormat) {
  const isTable = format.startsWith('custom-columns=');
  const tell = (action: AgentAction) => io.out(raw(action, format, { headers: !isTable }));
  const begin = (actions: readonly AgentAction[]) => {
    if (isTable) io.out(raw({ kind: 'List', items: actions }, format, flags));
    else actions.forEach(tell);
  };
  return { begin, tell };
}

/** Watches the actions of a namespace, or of all, until the process ends or the caller may not watch. */
export async function watchList({ client, namespace, flags, io }: Session, watched: Watched): Promise<never> {
  const stop = new AbortController();
  const { promise: refused, reject } = Promise.withResolvers<never>();
  const informer = createInformer({
    client,
    resource: agentActions,
    ...(flags.allNamespaces ? {} : { namespace }),
    labelSelector: watched.labelSelector,
    logger: watchLogger((text) => io.error(text), reject),
  });
  let begun = false;
  informer.onChange(({ type, object }) => {
    if (begun && type !== 'delete') watched.onChange(object);
  });
  void informer.synced.then(() => {
    begun = true;
    watched.onBegin([...informer.store.list()]);
  });
  const running = informer.start(stop.signal);
  try {
    return await refused;
  } finally {
    stop.abort();
    await running;
  }
}
