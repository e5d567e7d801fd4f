import { annotations, digestOf } from '@sentinel/crds';
import { parseActor, parseIdentities } from '@sentinel/policy';
import { UNKNOWN_ACTOR } from '../acts/find-actor.ts';
import { condition, enter, stateOf } from '../status/conditions.ts';
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
  const isRevision = stateOf(draft) === 'ChangesRequested';
  const what = isRevision ? 'revised' : 'edited';
  record(
    draft,
    action,
    {
      transition: 'StartedOver',
      actor: editor,
      summary: `${what} by ${editor}: generation ${action.metadata.generation ?? 0} replaces ${draft.observedGeneration ?? 0}`,
      plan: draft.plan?.digest,
      details: {
        ...requestDetails(action, parameters),
        // Several edits may happen between two reconciles: these are all editors, without the requester.
        'sentinel.editors': [...new Set(others.map(({ user }) => user))].join(' '),
        'sentinel.spec.digest': digestOf(action.spec),
        // Whether it is the answer to a request for changes.
        'sentinel.revision': isRevision ? 'true' : undefined,
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
  // Several edits may come before the next plan: people compare that with the last one that there was.
  if (draft.plan) draft.previousPlan = { name: draft.plan.name, digest: draft.plan.digest };
  delete draft.plan;
  delete draft.required;
  delete draft.decisions;
  delete draft.results;
  delete draft.shortened;
  for (const type of ['Rehearsed', 'Approved'] as const)
    condition(draft, type, 'Unknown', 'Pending', 'the action was edited, so it is rehearsed and decided again', now);
  enter(draft, 'Pending', `the action was ${what} by ${editor} and starts over`, now);
}
