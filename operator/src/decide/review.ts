import {
  allowedLag,
  awaitsSuspensionName,
  type DecisionRecord,
  evaluatePlan,
  frozenAt,
  HAS_EXPIRED,
  holdForStorage,
  holdSandbox,
  holdStart,
  judgeBudget,
  requiresEvidence,
  requiresSink,
  restsUntil,
  runsSinceFailure,
  seconds,
  suspendedBy,
  type Tally,
} from '@sentinel/policy';
import { activityOf } from '../facts/activity.ts';
import { editorsOf } from '../facts/editors.ts';
import type { Facts } from '../facts/facts.ts';
import { stateOf } from '../status/conditions.ts';
import { outboxRoom, ROOM_TO_END } from '../status/record.ts';
import { playbookUnchanged } from './playbook-unchanged.ts';
import type { NextStep } from './step.ts';

/** The interval for changes without a watch. */
const HELD_RETRY_MS = 5_000;
const RIGHTS_RETRY_MS = 30_000;
/** The interval for changes of other actions or of the sink, in case a notification was missed. */
const TOLD_RETRY_MS = 60_000;
const NAME_RETRY_MS = 1_000;

/**
 * An action with a plan: counts sealed decisions, and lets the real run start only from live facts, with the stricter of what
 * policy required when the plan was made and what it requires now.
 */
export function decideOnReview(facts: Facts): NextStep {
  const { plan, action, requester, now } = facts;
  const editors = editorsOf(facts);
  if (!plan || !requester || !editors)
    return { kind: 'End', state: 'Denied', message: 'the plan of the action is gone. Create the action again.' };
  const { tally, approved, refused, codes } = evaluatePlan({
    action,
    plan: plan.spec,
    digest: action.status?.plan?.digest ?? '',
    requester,
    editors,
    policies: facts.policies,
    playbook: playbookUnchanged(facts) ? facts.playbook : undefined,
    live: facts.playbook,
    trust: facts.trust,
    // Only live facts know whether the account may be used: without them it is not a reason to look closer.
    mayUseAccount: facts.live ? facts.mayUseAccount : true,
    keys: facts.keys,
    deciders: facts.deciders,
    // Runs are counted only in live facts, when a start is decided.
    succeeded: facts.live ? runsSinceFailure(activityOf(action), facts.activity) : undefined,
    limits: judgeBudget(facts.policies, activityOf(action), facts.activity, plan.spec.effects.length),
    now,
  });
  if (tally.rejectedBy) {
    const { user, comment } = tally.rejectedBy;
    return { kind: 'End', state: 'Rejected', message: `rejected by ${user}${comment ? `: ${comment}` : ''}`, tally, actor: user };
  }
  const stoppers = suspendedBy(facts.policies);
  // The record must name the person: the operator finds the name within moments, and nothing starts in the meantime.
  const isSuspended = stateOf(action.status) === 'Suspended';
  if (isSuspended !== stoppers.length > 0 && awaitsSuspensionName(facts.policies))
    return { kind: 'Wait', requeueAfterMs: NAME_RETRY_MS };
  if (stoppers.length > 0) {
    const left = waitingMs(facts, plan.spec.required.expiresAfter);
    // After the expiry there is no further scheduled reconcile, because there would be no end to them: a change of policy triggers the next one.
    return { kind: 'NoteDecisions', tally, suspendedBy: stoppers, requeueAfterMs: left > 0 ? left : undefined };
  }
  if (isSuspended) return { kind: 'Resume', tally };
  if (tally.changesRequestedBy) return waitForRevision(facts, tally, tally.changesRequestedBy, plan.spec.required.expiresAfter);
  if (refused !== undefined)
    return facts.live ? { kind: 'End', state: 'Denied', message: refused, tally, codes } : { kind: 'LookAgainLive' };
  if (!approved) return wait(facts, tally, plan.spec.required.expiresAfter);
  if (!facts.live) return { kind: 'LookAgainLive' };
  return start(facts, tally);
}

function wait(facts: Facts, tally: Tally, patience: string): NextStep {
  const left = waitingMs(facts, patience);
  if (left <= 0) return { kind: 'End', state: 'Expired', message: whyExpired(tally, patience), tally };
  // There is no event for changed rights, so they are checked again: an approval may count again when its person has the right again.
  return { kind: 'NoteDecisions', tally, requeueAfterMs: facts.deciders ? Math.min(left, RIGHTS_RETRY_MS) : left };
}

// Nothing starts in the meantime. So it does not matter here that policy refuses the plan: the revision is evaluated again.
function waitForRevision({ now }: Facts, tally: Tally, { user, time }: DecisionRecord, patience: string): NextStep {
  const left = Date.parse(time) + seconds(patience) * 1000 - now || 0;
  if (left > 0) return { kind: 'NoteDecisions', tally, requeueAfterMs: left };
  const message = `${user} asked for changes, and nobody revised the action within ${patience}. Create the action again.`;
  return { kind: 'End', state: 'Expired', message, tally };
}

function whyExpired({ judged, approvals, requirements }: Tally, patience: string): string {
  const late = judged.filter(({ record, why }) => record.decision === 'approve' && why === HAS_EXPIRED);
  if (late.length === 0 && approvals > 0)
    return `${approvals} of ${requirements.approvals} approvals were given within ${patience}. Create the action again.`;
  if (late.length === 0) return `nobody decided within ${patience}. Create the action again.`;
  const users = [...new Set(late.map(({ record }) => record.user))].join(', ');
  return `approved by ${users}, but the approval expired after ${patience}, before the run could start. Create the action again.`;
}

// People may decide for as long as their approvals would be valid, counted from the plan.
function waitingMs({ action, now }: Facts, patience: string): number {
  const rehearsed = action.status?.conditions?.find(({ type }) => type === 'Rehearsed')?.lastTransitionTime;
  return Date.parse(rehearsed ?? '') + seconds(patience) * 1000 - now || 0;
}

function start(facts: Facts, tally: Tally): NextStep {
  const held = heldBack(facts);
  // A hold can outlast the approvals: report that when they expire, not when the hold ends.
  const good = (tally.goodUntil ?? Number.POSITIVE_INFINITY) - facts.now;
  if (held) return { kind: 'Wait', tally, ...held, requeueAfterMs: Math.min(held.requeueAfterMs, good) };
  return { kind: 'StartJob', stage: 'run', tally };
}

/** Why an approved action does not start now, and when to look again. */
function heldBack(facts: Facts): { why: string; requeueAfterMs: number; queued?: boolean } | undefined {
  const { policies, action, activity, sink, storage, now } = facts;
  const soon = (why: string) => ({ why, requeueAfterMs: TOLD_RETRY_MS });
  if (facts.guards.length > 0) {
    const why = `no run starts until the guards are restored: ${facts.guards.join('; ')}`;
    return { why, requeueAfterMs: HELD_RETRY_MS };
  }
  if (outboxRoom(action.status) < ROOM_TO_END)
    return soon('no start while the audit trail is full: no sink acknowledges its records; check the sink of the audit trail');
  if (!isAcknowledged(facts, sink?.acknowledged))
    return soon(
      sink === undefined
        ? 'no start without a sink for the audit trail: policy asks for one, and none is set (audit.otlpEndpoint)'
        : 'no start until a sink has acknowledged the audit records so far',
    );
  if (requiresEvidence(policies) && facts.evidence !== 'Ready') {
    const fault = facts.evidence?.fault ?? 'the evidence store was not asked';
    return { why: `no start while evidence cannot be stored, which policy requires: ${fault}`, requeueAfterMs: HELD_RETRY_MS };
  }
  const frozen = frozenAt(policies, now);
  if (frozen) {
    const until = new Date(frozen.until).toISOString();
    const why = `nothing starts before ${until}: ${frozen.reason} (${frozen.policy}: ${frozen.rule})`;
    return { why, requeueAfterMs: frozen.until - now };
  }
  const rest = restsUntil(policies, activityOf(action), activity, now);
  if (rest) return { why: `${rest.message} (${rest.policy}: ${rest.rule})`, requeueAfterMs: rest.until - now };
  if (storage === undefined) {
    const why = 'no start while what is stored for actions cannot be counted: the gateway does not answer';
    return { why, requeueAfterMs: HELD_RETRY_MS };
  }
  const hold =
    holdStart(policies, activityOf(action), activity) ??
    holdForStorage(storage) ??
    holdSandbox(policies, activityOf(action), activity);
  return hold && { ...soon(`${hold.message} (${hold.policy}: ${hold.rule})`), queued: true };
}

// A lagging sink is acceptable if every policy that requires a sink sets `maxLag`.
function isAcknowledged({ policies, action, now }: Facts, acknowledged: number | undefined): boolean {
  if (!requiresSink(policies)) return true;
  if (acknowledged === undefined) return false;
  const { sequence: last = 0, records = [] } = action.status?.outbox ?? {};
  if (acknowledged >= last) return true;
  const oldest = records.find(({ sequence }) => sequence > acknowledged);
  return oldest !== undefined && now - Date.parse(oldest.time) <= allowedLag(policies) * 1000;
}
