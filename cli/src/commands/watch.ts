import { type AgentAction, agentActions, finalStates, type State, successStates } from '@sentinel/crds';
import { createInformer } from '@sentinel/kube';
import { visible } from '../print/visible.ts';
import { messageOf, readAction, stateOf } from '../read.ts';
import type { Session } from '../session.ts';

/** Follows an action to its end, a line for each audit record. 0 when it ended well, else 1. */
export async function watch(session: Session, name: string): Promise<number> {
  const { client, namespace, io } = session;
  await readAction(session, name);
  const stop = new AbortController();
  const informer = createInformer({ client, resource: agentActions, namespace, fieldSelector: `metadata.name=${name}` });
  let told = 0;
  let waiting = false;
  const ended = new Promise<number>((resolve) => {
    informer.onChange(({ type, object }) => {
      if (type === 'delete') return resolve(1);
      for (const record of object.status?.outbox?.records ?? []) {
        if (record.sequence <= told) continue;
        told = record.sequence;
        io.out(`${record.time.slice(11, 19)}  ${record.transition.padEnd(19)} ${visible(record.summary)}`);
      }
      const state = stateOf(object);
      if (state === 'AwaitingApproval' && !waiting)
        io.out(`          waits for people: kubectl sentinel plan ${name} -n ${namespace}`);
      waiting = state === 'AwaitingApproval';
      if (finalStates.has(state as State)) resolve(conclude(session, object));
    });
  });
  const running = informer.start(stop.signal);
  const code = await ended;
  stop.abort();
  await running;
  return code;
}

function conclude({ io }: Session, action: AgentAction): number {
  const state = stateOf(action);
  io.out(`${state}: ${visible(messageOf(action))}`);
  return successStates.has(state as State) ? 0 : 1;
}
