import type { AgentActionStatus, Condition, ConditionType, Reason, State } from '@sentinel/crds';
import { finalStates, successStates } from '@sentinel/crds';
import { setCondition, visibleLine } from '@sentinel/kube';
import { cut, withoutRepeats } from './text.ts';

/** How many characters of a message are processed. */
const MESSAGE_READ = 8192;

/** A status under construction. */
export type Draft = AgentActionStatus;

/** Sets one condition of an action. */
export function condition(
  draft: Draft,
  type: ConditionType,
  status: Condition['status'],
  reason: Reason | State,
  message: string,
  now: number,
): void {
  const generation = draft.observedGeneration;
  const input = {
    type,
    status,
    reason,
    // A message quotes agents, logs and other people: one line with visible characters only, and without repeated sentences.
    message: cut(visibleLine(withoutRepeats(cut(message, MESSAGE_READ))), 2048),
    ...(generation === undefined ? {} : { observedGeneration: generation }),
  };
  draft.conditions = setCondition(draft.conditions, input, new Date(now));
}

/**
 * Sets the state of an action: `Succeeded` is the summary, `Reconciling` is True until the end, `Stalled` is True after an end without
 * success, so that kstatus, Argo CD and Flux read the object correctly.
 */
export function enter(draft: Draft, state: State, message: string, now: number): void {
  const final = finalStates.has(state);
  const success = successStates.has(state);
  condition(draft, 'Succeeded', final ? (success ? 'True' : 'False') : 'Unknown', state, message, now);
  draft.conditions = draft.conditions?.filter(({ type }) => type !== 'Reconciling' && type !== 'Stalled');
  if (!final) condition(draft, 'Reconciling', 'True', state, message, now);
  else if (!success) condition(draft, 'Stalled', 'True', state, message, now);
  if (final) draft.finishedAt = new Date(now).toISOString();
}

/** The state that a status is in. */
export function stateOf(status: AgentActionStatus | undefined): State {
  return (status?.conditions?.find(({ type }) => type === 'Succeeded')?.reason as State | undefined) ?? 'Pending';
}
