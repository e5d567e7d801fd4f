import type { AgentAction, AgentActionStatus, State } from '@sentinel/crds';
import { cut } from './text.ts';

const MESSAGE_MAX = 2048;

/** States in which what the run changed may stay, or a part of it. */
const staying: ReadonlySet<State> = new Set<State>(['RollbackIncomplete', 'VerificationFailed']);

/**
 * What a message of an end closes with, for a reader who knows nothing else: whether anything was changed, and what to do about it.
 * Ends after a run that say so themselves get no closing.
 */
export function closingOf(state: State, { metadata }: Pick<AgentAction, 'metadata'>, { stages = [] }: AgentActionStatus): string {
  if (state === 'Succeeded' || state === 'NoEffect' || state === 'DryRunCompleted') return '';
  if (!stages.some(({ stage }) => stage === 'run')) return 'Nothing was changed.';
  if (state === 'RolledBack') return 'Correct the cause, then file the action again.';
  if (staying.has(state)) return lookAtChanges(metadata);
  return '';
}

/** How a person finds what a run changed and what became of it. */
export const lookAtChanges = ({ name, namespace }: AgentAction['metadata']): string =>
  `Look at the changed objects and correct by hand what must not stay: kubectl sentinel report ${name} -n ${namespace ?? ''}`;

/** A message and its closing, as sentences. The closing is never what is cut off. */
export function withClosing(message: string, closing: string): string {
  if (closing === '') return message;
  const room = MESSAGE_MAX - closing.length - 2;
  const text = message.length > room ? `${cut(message, room - 1)}…` : message;
  return `${text}${/[.!?…]$/.test(text) ? '' : '.'} ${closing}`;
}
