import { type AgentAction, annotations, askingManager, effectNumber } from '@sentinel/crds';
import { stateOf } from '../read.ts';
import type { Paint } from '../terminal/paint.ts';
import { visible } from '../terminal/visible.ts';

/** The effects whose outcome is unknown, with their numbers in CHANGES, and the decisions on them so far; empty if there is none. */
export function unknownLines(action: AgentAction, paint: Paint): string[] {
  const { unknownEffects = [], resolutions = [] } = action.status ?? {};
  if (unknownEffects.length === 0 && resolutions.length === 0) return [];
  const isOver = stateOf(action) !== 'OutcomeUnknown';
  return [
    paint('bold', 'UNKNOWN OUTCOMES'),
    ...unknownEffects.flatMap(({ effect, object, why }) => [
      paint('red', `  ! effect ${effectNumber(effect)}: ${visible(object)}${isOver ? ' (never resolved)' : ''}`),
      `    ${visible(why)}`,
    ]),
    ...resolutions.map(
      ({ effect, resolution, user, time, outcome, message }) =>
        `  effect ${effectNumber(effect)}: ${resolution} by ${visible(user)} at ${visible(time)}: ${outcome === 'Refused' ? paint('yellow', `refused: ${visible(message)}`) : visible(message)}`,
    ),
    '',
  ];
}

/** The commands that resolve the first effect whose outcome is unknown; empty if there is none. */
export function resolveCommands(action: AgentAction, digest: string | undefined): string[] {
  const [first] = action.status?.unknownEffects ?? [];
  if (stateOf(action) !== 'OutcomeUnknown' || first === undefined) return [];
  const place = visible(`${action.metadata.name} -n ${action.metadata.namespace ?? ''}`);
  const commands = ['look at the object, then decide what happens to the effect:'];
  for (const resolution of ['accept', 'redo', 'roll-back'] as const)
    commands.push(`kubectl sentinel reconcile ${place} --effect ${effectNumber(first.effect)} ${resolution}`);
  if (digest === undefined) return commands;
  const asked = `${annotations.decision}=accept ${annotations.effect}=${effectNumber(first.effect)} ${annotations.plan}=${digest}`;
  return [
    ...commands,
    'or with plain kubectl (accept, redo or roll-back, in both places):',
    `kubectl annotate agentaction ${place} ${asked} --field-manager=${askingManager('accept', digest, first.effect)}`,
  ];
}
