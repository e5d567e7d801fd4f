import { annotations, digestOf } from '@sentinel/crds';
import { parseActor, parseIdentities } from '@sentinel/policy';
import { UNKNOWN_ACTOR } from '../acts/find-actor.ts';
import { condition, enter } from '../status/conditions.ts';
import { record } from '../status/record.ts';
import type { Pass } from './context.ts';
import { keptParameters, requestDetails } from './request-details.ts';

/**
 * The spec was edited before anything ran: a new generation, a new rehearsal, a new plan; earlier decisions are void because they are for
 * another plan. The record names the editors, and contains the new intent and parameters.
 */
export async function startOver({ draft, action, facts, now }: Pass): Promise<void> {
  const editor = parseActor(action.metadata.annotations?.[annotations.changedBy]) ?? UNKNOWN_ACTOR;
  const others = parseIdentities(action.metadata.annotations?.[annotations.amendedBy]) ?? [];
  const parameters = await keptParameters(facts);
  record(
    draft,
    action,
    {
      transition: 'StartedOver',
      actor: editor,
      summary: `edited by ${editor}: generation ${action.metadata.generation ?? 0} replaces ${draft.observedGeneration ?? 0}`,
      plan: draft.plan?.digest,
      details: {
        ...requestDetails(action, parameters),
        // Several edits may happen between two reconciles: these are all editors, without the requester.
        'sentinel.editors': [...new Set(others.map(({ user }) => user))].join(' '),
        'sentinel.spec.digest': digestOf(action.spec),
      },
    },
    now,
  );
  draft.stages = draft.stages?.map((stage) =>
    stage.outcome === undefined ? { ...stage, outcome: 'Cancelled' as const, message: 'the action was edited' } : stage,
  );
  draft.observedGeneration = action.metadata.generation;
  delete draft.queuedAt;
  delete draft.suspension;
  delete draft.plan;
  delete draft.required;
  delete draft.decisions;
  delete draft.results;
  delete draft.shortened;
  for (const type of ['Rehearsed', 'Approved'] as const)
    condition(draft, type, 'Unknown', 'Pending', 'the action was edited, so it is rehearsed and decided again', now);
  enter(draft, 'Pending', `the action was edited by ${editor} and starts over`, now);
}
