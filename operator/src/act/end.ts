import { type State, successStates } from '@sentinel/crds';
import { dataHandling, keepSentence } from '@sentinel/policy';
import type { NextStep } from '../decide/step.ts';
import { enter } from '../status/conditions.ts';
import { record } from '../status/record.ts';
import type { Pass } from './context.ts';

/** Brings an action to its end: the state, and the last record. */
export function end({ draft, action, now }: Pass, state: State, message: string, actor = 'sentinel-operator'): void {
  draft.observedGeneration = action.metadata.generation;
  delete draft.queuedAt;
  enter(draft, state, message, now);
  record(
    draft,
    action,
    {
      transition: 'Ended',
      actor,
      summary: `${state}: ${message}`,
      plan: draft.plan?.digest,
      details: {
        'sentinel.state': state,
        'sentinel.success': String(successStates.has(state)),
        'sentinel.plan.name': draft.plan?.name,
      },
    },
    now,
  );
}

/** Brings an action to the end that was decided. What is said of it may quote commands, so secrets in it are masked. */
export async function endAsDecided(pass: Pass, { state, message, actor }: Extract<NextStep, { kind: 'End' }>): Promise<void> {
  end(pass, state, await keepSentence(dataHandling(pass.facts.policies), message), actor);
}
