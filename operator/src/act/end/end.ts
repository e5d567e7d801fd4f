import { type State, successStates } from '@sentinel/crds';
import { dataHandling, describeSuspensions, keepSentence, suspensionsOf } from '@sentinel/policy';
import { UNKNOWN_ACTOR } from '../../acts/find-actor.ts';
import type { NextStep } from '../../decide/step.ts';
import { stoppedBy } from '../../decide/stopped-by.ts';
import type { Facts } from '../../facts/facts.ts';
import { noteRefusals } from '../../metrics.ts';
import { closingOf, withClosing } from '../../status/closing.ts';
import { enter } from '../../status/conditions.ts';
import { record } from '../../status/record.ts';
import type { Pass } from '../context.ts';
import { allEvidenceDetails } from '../evidence/store-evidence.ts';

/** How an action ends, beside its state and its message. */
interface Ending extends Pick<Extract<NextStep, { kind: 'End' }>, 'actor' | 'codes'> {
  /** Whether a cancellation or deletion came after the run was over, and so changed nothing. A success always comes before it. */
  readonly isTooLate?: boolean | undefined;
}

/**
 * Ends an action: sets the final state and adds the last record, with the codes of refusals and the person who ended it early. Somebody who
 * came too late for that is named as that: the changes of the run stay.
 */
export function end(
  pass: Pass,
  state: State,
  message: string,
  { actor: by, codes = [], isTooLate = successStates.has(state) }: Ending = {},
): void {
  const { draft, action, facts, now } = pass;
  const stopper = stoppedBy(facts);
  const [stopped, late] = isTooLate ? [undefined, stopper] : [stopper, undefined];
  const said = late ? `${message}. ${tooLate(late.why)}` : message;
  draft.observedGeneration = action.metadata.generation;
  delete draft.queuedAt;
  delete draft.suspension;
  // Only a run that was blocked and rolled back is offered again.
  if (state !== 'Blocked') delete draft.amendment;
  enter(draft, state, withClosing(said, closingOf(state, action, draft)), now);
  record(
    draft,
    action,
    {
      transition: 'Ended',
      // Who ended the action early, if somebody did.
      actor: by ?? (state === 'Cancelled' ? stopped?.actor : undefined) ?? 'sentinel-operator',
      summary: `${state}: ${said}`,
      plan: draft.plan?.digest,
      details: {
        ...allEvidenceDetails(pass),
        'sentinel.state': state,
        'sentinel.decision.by': DECIDED_BY[state],
        'sentinel.refusal.codes': codes.join(','),
        'sentinel.success': String(successStates.has(state)),
        'sentinel.plan.name': draft.plan?.name,
        'sentinel.stopped.by': stopped && (stopped.actor ?? UNKNOWN_ACTOR),
        'sentinel.stopped.too_late': late && (late.actor ?? UNKNOWN_ACTOR),
        'sentinel.stopped.comment': stopper?.comment,
        'sentinel.suspended.by': suspenders(facts),
      },
    },
    now,
  );
}

/** What decided that an action ends, where that was a decision. */
const DECIDED_BY: Partial<Record<State, string>> = { Denied: 'Policy', Expired: 'Policy', Rejected: 'Person' };

const tooLate = (why: string) => `${why} too late: the run was over already, so nothing was undone and its changes stay`;

const suspenders = ({ policies }: Facts) => describeSuspensions(suspensionsOf(policies)) || undefined;

/** Ends an action with the decided state. The message may quote commands, so secrets in it are masked. */
export async function endAsDecided(
  pass: Pass,
  { state, message, rules = [], ...more }: Extract<NextStep, { kind: 'End' }>,
): Promise<void> {
  pass.afterwards.push(async () => noteRefusals(rules.map((rule) => ({ rule }))));
  end(pass, state, await keepSentence(dataHandling(pass.facts.policies), message), more);
}
