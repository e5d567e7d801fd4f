import { condition, enter } from '../status/conditions.ts';
import { record } from '../status/record.ts';
import type { Pass } from './context.ts';

/** The spec was edited before anything ran: a new generation, a new rehearsal, a new plan; earlier decisions are for another plan. */
export function startOver({ draft, action, now }: Pass): void {
  record(
    draft,
    action,
    {
      transition: 'StartedOver',
      actor: 'sentinel-operator',
      summary: `edited: generation ${action.metadata.generation ?? 0} replaces ${draft.observedGeneration ?? 0}`,
      plan: draft.plan?.digest,
    },
    now,
  );
  draft.stages = draft.stages?.map((stage) =>
    stage.outcome === undefined ? { ...stage, outcome: 'Cancelled' as const, message: 'the action was edited' } : stage,
  );
  draft.observedGeneration = action.metadata.generation;
  delete draft.queuedAt;
  delete draft.plan;
  delete draft.required;
  delete draft.decisions;
  delete draft.results;
  for (const type of ['Rehearsed', 'Approved'] as const)
    condition(draft, type, 'Unknown', 'Pending', 'the action was edited', now);
  enter(draft, 'Pending', 'the action was edited and starts over', now);
}
