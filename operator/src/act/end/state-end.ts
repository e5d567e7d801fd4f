import { finalStates } from '@sentinel/crds';
import { STATEMENT_DETAIL, UNSTATED_DETAIL } from '@sentinel/policy';
import { stateOf } from '../../status/conditions.ts';
import { addToLast } from '../../status/record.ts';
import { cut } from '../../status/text.ts';
import type { ActContext, Pass } from '../context.ts';

/** How long ending an action waits for a gateway that does not answer, in milliseconds. After that the record says that there is no statement. */
export const STATEMENT_WAIT_MS = 120_000;

/** Since when ending an action waits, by its uid. If this is lost, the wait starts again. */
const waiting = new Map<string, number>();

/**
 * Asks the gateway for its statement about the run of an action that ends in this reconcile, and adds it to the record of the end.
 * Throws while the gateway does not answer, so that the reconcile is retried, for a limited time. Safe to repeat.
 */
export async function stateEnd(context: ActContext, { action, draft, now }: Pass): Promise<void> {
  const state = stateOf(draft);
  if (!finalStates.has(state) || finalStates.has(stateOf(action.status))) return;
  // Without a plan nothing can have run.
  const isPlanned = draft.plan !== undefined || (draft.attempt ?? 1) > 1;
  if (!isPlanned || state === 'DryRunCompleted') return;
  const { name, namespace = '', uid = '' } = action.metadata;
  try {
    const { gatewayAddress } = await context.settings();
    const statement = await context.gateway.end(gatewayAddress, { namespace, name });
    addToLast(draft, action.status, { [STATEMENT_DETAIL]: statement });
  } catch (error) {
    const since = waiting.get(uid) ?? now;
    waiting.set(uid, since);
    if (now - since < STATEMENT_WAIT_MS) throw error;
    const why = error instanceof Error ? error.message : String(error);
    addToLast(draft, action.status, { [UNSTATED_DETAIL]: cut(`the gateway made none: ${why}`, 256) });
  }
  waiting.delete(uid);
}
