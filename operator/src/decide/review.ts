import { annotations } from '@sentinel/crds';
import {
  allowedLag,
  evaluatePlan,
  frozenAt,
  holdStart,
  judgeBudget,
  parseIdentities,
  requiresSink,
  restsUntil,
  runsSinceFailure,
  seconds,
  suspendedBy,
  type Tally,
} from '@sentinel/policy';
import { activityOf } from '../facts/activity.ts';
import type { Facts } from '../facts/facts.ts';
import { stateOf } from '../status/conditions.ts';
import { outboxRoom, ROOM_TO_END } from '../status/record.ts';
import { playbookUnchanged } from './decide.ts';
import type { NextStep } from './step.ts';

const HELD_RETRY_MS = 5_000;

/**
 * An action with a plan: counts sealed decisions, and lets the real run start only from live facts, with the stricter of what
 * policy required when the plan was made and what it requires now.
 */
export function decideOnReview(facts: Facts): NextStep {
  const { plan, action, requester, now } = facts;
  const editors = parseIdentities(action.metadata.annotations?.[annotations.amendedBy]);
  if (!plan || !requester || !editors)
    return { kind: 'End', state: 'Denied', message: 'the plan of the action is gone. File the action again.' };
  const { tally, approved, refused } = evaluatePlan({
    action,
    plan: plan.spec,
    digest: action.status?.plan?.digest ?? '',
    requester,
    editors,
    policies: facts.policies,
    playbook: playbookUnchanged(facts) ? facts.playbook : undefined,
    trust: facts.trust,
    // Only live facts know whether the account may be used: without them it is no reason to look closer.
    mayUseAccount: facts.live ? facts.mayUseAccount : true,
    keys: facts.keys,
    // Runs are counted in live facts alone, where a start is decided.
    succeeded: facts.live ? runsSinceFailure(activityOf(action), facts.activity) : undefined,
    limits: judgeBudget(facts.policies, activityOf(action), facts.activity, plan.spec.effects.length),
    now,
  });
  if (tally.rejectedBy) {
    const { user, comment } = tally.rejectedBy;
    return { kind: 'End', state: 'Rejected', message: `rejected by ${user}${comment ? `: ${comment}` : ''}`, tally, actor: user };
  }
  const stoppers = suspendedBy(facts.policies);
  if (stoppers.length > 0) {
    const left = waitingMs(facts, plan.spec.required.expiresAfter);
    // After its time nothing is looked at by the clock any more, or it would be looked at without end: it goes on when policy changes.
    return { kind: 'NoteDecisions', tally, suspendedBy: stoppers, requeueAfterMs: left > 0 ? left : undefined };
  }
  if (stateOf(action.status) === 'Suspended') return { kind: 'Resume', tally };
  if (refused !== undefined)
    return facts.live ? { kind: 'End', state: 'Denied', message: refused, tally } : { kind: 'LookAgainLive' };
  if (!approved) return wait(facts, tally, plan.spec.required.expiresAfter);
  if (!facts.live) return { kind: 'LookAgainLive' };
  return start(facts, tally);
}

function wait(facts: Facts, tally: Tally, patience: string): NextStep {
  const left = waitingMs(facts, patience);
  if (left <= 0)
    return { kind: 'End', state: 'Expired', message: `nobody decided within ${patience}. File the action again.`, tally };
  return { kind: 'NoteDecisions', tally, requeueAfterMs: left };
}

// How long people may take: as long as their approvals would be good, counted from the plan.
function waitingMs({ action, now }: Facts, patience: string): number {
  const rehearsed = action.status?.conditions?.find(({ type }) => type === 'Rehearsed')?.lastTransitionTime;
  return Date.parse(rehearsed ?? '') + seconds(patience) * 1000 - now || 0;
}

function start(facts: Facts, tally: Tally): NextStep {
  const held = heldBack(facts);
  if (held) return { kind: 'Wait', tally, ...held };
  return { kind: 'StartJob', stage: 'run', tally };
}

/** Why an approved action does not start now, and when to look again. */
function heldBack(facts: Facts): { why: string; requeueAfterMs: number; queued?: boolean } | undefined {
  const { policies, action, activity, sink, now } = facts;
  const soon = (why: string) => ({ why, requeueAfterMs: HELD_RETRY_MS });
  if (facts.guards.length > 0) return soon(`no run starts until the guards are restored: ${facts.guards.join('; ')}`);
  if (outboxRoom(action.status) < ROOM_TO_END)
    return soon('no start while the audit trail is full: no sink acknowledges its records');
  if (!isAcknowledged(facts, sink?.acknowledged))
    return soon(
      sink === undefined
        ? 'no start without a sink for the audit trail: policy asks for one, and none is set (audit.otlpEndpoint)'
        : 'no start until a sink has acknowledged the audit records so far',
    );
  const frozen = frozenAt(policies, now);
  if (frozen) {
    const until = new Date(frozen.until).toISOString();
    const why = `nothing starts before ${until}: ${frozen.reason} (${frozen.policy}: ${frozen.rule})`;
    return { why, requeueAfterMs: frozen.until - now };
  }
  const rest = restsUntil(policies, activityOf(action), activity, now);
  if (rest) return { why: `${rest.message} (${rest.policy}: ${rest.rule})`, requeueAfterMs: rest.until - now };
  const hold = holdStart(policies, activityOf(action), activity);
  return hold && { ...soon(`${hold.message} (${hold.policy}: ${hold.rule})`), queued: true };
}

// A sink that lags is good enough where every policy that asks for one says how old a record may be that it lacks.
function isAcknowledged({ policies, action, now }: Facts, acknowledged: number | undefined): boolean {
  if (!requiresSink(policies)) return true;
  if (acknowledged === undefined) return false;
  const { sequence: last = 0, records = [] } = action.status?.outbox ?? {};
  if (acknowledged >= last) return true;
  const oldest = records.find(({ sequence }) => sequence > acknowledged);
  return oldest !== undefined && now - Date.parse(oldest.time) <= allowedLag(policies) * 1000;
}
