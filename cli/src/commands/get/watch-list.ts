import { type AgentAction, agentActions } from '@sentinel/crds';
import { createInformer } from '@sentinel/kube';
import type { Session } from '../../session.ts';
import { watchLogger } from '../follow.ts';

/** What is watched, and what is shown of it. */
export interface Watched {
  readonly labelSelector?: string | undefined;
  /** Called once with the existing actions, in the order of the server. */
  readonly onBegin: (actions: readonly AgentAction[]) => void;
  /** Called for each action that is new or changed afterwards. */
  readonly onChange: (action: AgentAction) => void;
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
