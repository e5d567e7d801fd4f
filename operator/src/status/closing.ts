import type { AgentAction, AgentActionStatus, State } from '@sentinel/crds';
import { cut } from './text.ts';

const MESSAGE_MAX = 2048;

/** States in which changes of the run may stay. */
const staying: ReadonlySet<State> = new Set<State>(['RollbackIncomplete', 'VerificationFailed']);

/**
 * The closing sentence of a final message, for a reader without other information: whether anything was changed, and what to do about it.
 * Final messages after a run that contain this already get no closing sentence.
 */
export function closingOf(
  state: State,
  { metadata }: Pick<AgentAction, 'metadata'>,
  { stages = [], amendment }: AgentActionStatus,
): string {
  if (state === 'Succeeded' || state === 'NoEffect' || state === 'DryRunCompleted') return '';
  if (!stages.some(({ stage }) => stage === 'run')) return 'Nothing was changed.';
  if (state === 'RolledBack') return 'Correct the cause, then create the action again.';
  if (state === 'Blocked' && amendment) return amendmentOf(metadata, amendment);
  if (staying.has(state)) return lookAtChanges(metadata);
  return '';
}

function amendmentOf(
  { name, namespace }: AgentAction['metadata'],
  { offered, reason }: NonNullable<AgentActionStatus['amendment']>,
): string {
  if (!offered) return `No amendment of the plan is offered: ${cut(reason ?? 'unknown', 400)}.`;
  return `A plan with the refused write can be proposed: kubectl sentinel amend ${name} -n ${namespace ?? ''}`;
}

/** How a person finds the changes of a run and their outcome. */
export const lookAtChanges = ({ name, namespace }: AgentAction['metadata']): string =>
  `Look at the changed objects and correct by hand what must not stay: kubectl sentinel report ${name} -n ${namespace ?? ''}`;

/** A message and its closing sentence. The closing sentence is never cut off. */
export function withClosing(message: string, closing: string): string {
  if (closing === '') return message;
  const room = MESSAGE_MAX - closing.length - 2;
  const text = message.length > room ? `${cut(message, room - 1)}…` : message;
  return `${text}${/[.!?…]$/.test(text) ? '' : '.'} ${closing}`;
}
