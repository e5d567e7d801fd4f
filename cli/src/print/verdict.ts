import { decidable, givenTo, messageOf, placeOf, type Review, stateOf } from '../read.ts';
import type { Paint } from '../terminal/paint.ts';
import { visible } from '../terminal/visible.ts';

/** The first line of a plan: what the action waits for, or its outcome and the reason. */
export function verdictLines({ action, plan: { spec } }: Review, paint: Paint): string[] {
  const state = stateOf(action);
  const place = paint('bold', placeOf(action));
  if (state === 'AwaitingApproval') {
    const { approvals, groups } = action.status?.required ?? spec.required;
    const from = groups ? ` from ${visible(groups.join(' or '))}` : '';
    return [
      `${place}  ${paint('yellow', state)}: ${approvals} ${approvals === 1 ? 'approval' : 'approvals'} required${from}, ${givenTo(action)} given`,
    ];
  }
  // A message of a status may quote text of agents: it is printed on separate lines.
  const style = decidable.has(state) || state === 'Succeeded' ? 'bold' : 'red';
  return [`${place}  ${paint(style, visible(state))}`, `  ${visible(messageOf(action))}`];
}

/** Whether people can still decide on an action, so that the required approvals are relevant. */
export const isOpen = ({ action }: Review): boolean => decidable.has(stateOf(action));
