import { type AgentActionStatus, finalStates, type State, TRAIL_WAIT_MINUTES } from '@sentinel/crds';
import type { AdmissionRequest } from '../admission/review.ts';

/** The warning about the audit trail for a person who deletes an action; undefined if a sink has acknowledged all of it. */
export function deletionWarning({ operation, resource, oldObject }: AdmissionRequest): string | undefined {
  if (operation !== 'DELETE' || resource.resource !== 'agentactions' || !oldObject) return undefined;
  const { outbox, conditions } = (oldObject.status ?? {}) as AgentActionStatus;
  if (!outbox || outbox.sequence === 0) return undefined;
  const name = oldObject.metadata.name ?? '';
  if (outbox.sink === undefined)
    return `sentinel: the audit trail of '${name}' (${outbox.sequence} records) is in no sink, and is deleted with the action unless one acknowledges it first; export it before: kubectl sentinel audit show ${name} -n ${oldObject.metadata.namespace ?? ''} -o json`;
  const { acknowledged } = outbox.sink;
  const state = conditions?.find(({ type }) => type === 'Succeeded')?.reason;
  // A running action gets its last records after this; its deletion waits for them in any case.
  if (acknowledged >= outbox.sequence || !finalStates.has((state ?? 'Pending') as State)) return undefined;
  return `sentinel: the sink has not acknowledged records ${acknowledged + 1} to ${outbox.sequence} of the audit trail of '${name}'; the deletion waits for it, at most ${TRAIL_WAIT_MINUTES} minutes`;
}
