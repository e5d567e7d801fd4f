import { evaluatePlan, type ResolutionOrder, resolutionsOf } from '@sentinel/policy';
import { editorsOf } from '../facts/editors.ts';
import type { Facts } from '../facts/facts.ts';
import { outboxRoom } from '../status/record.ts';
import type { NextStep } from './step.ts';

const FULL_RETRY_MS = 5_000;
/** The number of records that may follow a resolution: of the verification, the rollback and the end. */
export const ROOM_AFTER_RESOLUTION = 6;

/**
 * A run has ended, and the outcome of an effect is unknown: has the gateway carry out the decisions of authorized people. The action waits for
 * them without a time limit, because only a person can resolve it.
 */
export function decideOnResolution(facts: Facts): NextStep {
  const { plan, action, requester } = facts;
  const editors = editorsOf(facts);
  if (!plan || !requester || !editors) {
    const why = 'the plan of the action is gone, so that no person can resolve its effects';
    return facts.live ? { kind: 'Abandon', why } : { kind: 'LookAgainLive' };
  }
  const { tally } = evaluatePlan({
    action,
    plan: plan.spec,
    digest: action.status?.plan?.digest ?? '',
    requester,
    editors,
    policies: facts.policies,
    playbook: facts.playbook,
    trust: facts.trust,
    mayUseAccount: undefined,
    keys: facts.keys,
    deciders: facts.deciders,
    succeeded: undefined,
    limits: [],
    now: facts.now,
  });
  const open = openOrders(facts, resolutionsOf(tally));
  if (open.length === 0)
    return tally.judged.length > (action.status?.decisionCount ?? 0) ? { kind: 'NoteResolutions', tally } : { kind: 'Wait' };
  // Each resolution has two records: the decision and its result.
  if (outboxRoom(action.status) < ROOM_AFTER_RESOLUTION + 2 * open.length)
    return {
      kind: 'Wait',
      requeueAfterMs: FULL_RETRY_MS,
      state: 'OutcomeUnknown',
      why: 'what was decided is not carried out while the audit trail is full: no sink acknowledges its records; check the sink of the audit trail',
    };
  return facts.live ? { kind: 'Resolve', tally } : { kind: 'LookAgainLive' };
}

/** The resolutions of effects whose outcome is still unknown that have no result of the gateway yet. */
function openOrders({ action }: Facts, orders: readonly ResolutionOrder[]): ResolutionOrder[] {
  const { unknownEffects = [], resolutions = [] } = action.status ?? {};
  return orders.filter(
    ({ effect, resolution, user, time }) =>
      unknownEffects.some((one) => one.effect === effect) &&
      !resolutions.some(
        (one) => one.effect === effect && one.resolution === resolution && one.user === user && one.time === time,
      ),
  );
}
