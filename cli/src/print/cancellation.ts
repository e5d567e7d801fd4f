import { type ActionPlan, type AgentAction, annotations, effectNumber, finalStates, type State } from '@sentinel/crds';
import { parseActor } from '@sentinel/policy';
import { messageOf, stateOf } from '../read.ts';
import { visible } from '../terminal/visible.ts';
import { nameEffects } from './rollback.ts';

/** The facts that decide what a cancellation does. */
export interface AroundCancellation {
  /** The plan of the action; undefined if there is none, or if it cannot be read. */
  readonly plan: ActionPlan | undefined;
  /** Kill switches that are on, according to policies or to the status of actions. */
  readonly killSwitches: readonly string[];
  /** Names of the child actions that have not ended. */
  readonly parts: readonly string[];
}

/** What cancelling an action does in its current state; `TooLate` if it has no effect any more. */
export type Cancellation =
  | { readonly kind: 'TooLate'; readonly why: string }
  | { readonly kind: 'AlreadyCancelled'; readonly why: string }
  | { readonly kind: 'Possible'; readonly lines: readonly string[] };

const NOTHING_CHANGED = 'Nothing was changed, so nothing is rolled back.';

/** Says what cancelling an action does: what is stopped, and whether what it changed is rolled back. */
export function judgeCancellation(action: AgentAction, around: AroundCancellation): Cancellation {
  const state = stateOf(action);
  const name = `'${action.metadata.name}'`;
  if (finalStates.has(state as State))
    return {
      kind: 'TooLate',
      why: visible(`it is too late to cancel: ${name} has ended already as ${state}: ${messageOf(action)}`),
    };
  if (state === 'RollingBack')
    return {
      kind: 'TooLate',
      why: visible(
        `it is too late to cancel: ${name} is being rolled back already, and the rollback goes on: ${messageOf(action)}`,
      ),
    };
  if (action.spec.cancelled) {
    const by = parseActor(action.metadata.annotations?.[annotations.cancelledBy]);
    const why = action.spec.cancelComment;
    return {
      kind: 'AlreadyCancelled',
      why: visible(
        `is being cancelled already${by === undefined ? '' : ` by ${by}`}${why === undefined ? '' : ` (${why})`}: ${state}: ${messageOf(action)}`,
      ),
    };
  }
  return { kind: 'Possible', lines: [...linesOf(action, state, around), ...partLines(around.parts)].map(visible) };
}

function linesOf(action: AgentAction, state: string, around: AroundCancellation): string[] {
  const fate = fateOf(around);
  const planned = action.status?.plan?.effects ?? 0;
  switch (state) {
    case 'Rehearsing':
      return [`The rehearsal is stopped. ${NOTHING_CHANGED}`];
    case 'AwaitingApproval':
    case 'ChangesRequested':
    case 'Suspended':
      return [`The plan cannot be approved or started any more. ${NOTHING_CHANGED}`];
    case 'Starting':
      return [
        'The run has not begun, so nothing was changed yet.',
        `If the run begins before the cancellation is stored, the run is stopped; ${fate}`,
      ];
    case 'Running':
      return [`The run is stopped at once. A write that is under way may still be applied; ${fate}`, TOO_LATE];
    case 'Verifying':
      return [`The run has made its ${planned} changes already. Its checks are stopped; ${fate}`, TOO_LATE];
    case 'OutcomeUnknown':
      return [
        `The outcome of ${unknownOf(action)} is unknown and can no longer be resolved; ${fate}`,
        'The report of the action lists the effects that stay unknown.',
      ];
    default:
      return [NOTHING_CHANGED];
  }
}

// The gateway ends a run before the status of the action says so.
const TOO_LATE =
  'If the action has ended before the cancellation takes effect, nothing is undone: its final message says that it came too late.';

const unknownOf = ({ status }: AgentAction): string => {
  const numbers = (status?.unknownEffects ?? []).map(({ effect }) => effectNumber(effect));
  return `${numbers.length === 1 ? 'effect' : 'effects'} ${numbers.join(', ')}`;
};

// What happens to the changes of the run: a sentence that follows "the run is stopped;".
function fateOf({ plan, killSwitches }: AroundCancellation): string {
  if (killSwitches.length > 0)
    return `what it has changed STAYS where a kill switch covers the action, because a kill switch stops rollbacks too: ${killSwitches.join('; ')}.`;
  if (!plan) return 'whether what it has changed is rolled back is unknown, because its plan could not be fetched.';
  const { rollback, effects } = plan.spec;
  const lost = effects.filter(({ reversible }) => !reversible);
  if (rollback.from === 'None')
    return `what it has changed STAYS: rollback is not available (${rollback.reason ?? 'no reason given'}).`;
  if (lost.length === effects.length) return 'what it has changed STAYS: no change of the plan can be restored.';
  const but = lost.length === 0 ? '' : `, except for what cannot be restored and STAYS: ${nameEffects(lost)}`;
  return `what it has changed is rolled back if nobody has changed it since${but}.`;
}

const partLines = (parts: readonly string[]): string[] =>
  parts.length === 0
    ? []
    : [
        `${parts.length} ${parts.length === 1 ? 'child action' : 'child actions'} ${parts.length === 1 ? 'ends' : 'end'} with it: ${parts.join(', ')}.`,
      ];
