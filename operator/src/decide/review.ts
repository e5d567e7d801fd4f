import { type ActionPlanSpec, annotations, type RiskLevel } from '@sentinel/crds';
import {
  admit,
  allowedLag,
  approverClaimFault,
  dataHandling,
  explainAll,
  frozenAt,
  higher,
  holdStart,
  isApproved,
  judgeAgent,
  judgeBudget,
  judgeHighRisk,
  judgePlan,
  parseIdentities,
  type Refusal,
  type Requirements,
  requiresSink,
  restsUntil,
  seconds,
  strictest,
  suspendedBy,
  type Tally,
  tallyDecisions,
  withAutoReview,
  withoutQuotes,
} from '@sentinel/policy';
import { activityOf } from '../facts/activity.ts';
import type { Facts } from '../facts/facts.ts';
import { stateOf } from '../status/conditions.ts';
import { outboxRoom, ROOM_TO_END } from '../status/record.ts';
import { reasonsForPerson } from './auto-review.ts';
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
  const verdict = judgePlan(facts.policies, action.metadata.namespace ?? '', plan.spec.effects, riskNow(facts, plan.spec));
  const requirements = requiredNow(facts, plan.spec, verdict.requirements);
  const tally = tallyDecisions({
    approvals: action.metadata.annotations?.[annotations.approvals],
    actionUid: action.metadata.uid ?? '',
    plan: action.status?.plan?.digest ?? '',
    requester,
    editors,
    requirements,
    keys: facts.keys,
    claimFault: (claims) => approverClaimFault(facts.policies, claims),
    notBefore: action.status?.resumedAt === undefined ? undefined : Date.parse(action.status.resumedAt),
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
  const budget = judgeBudget(facts.policies, activityOf(action), facts.activity, plan.spec.effects.length);
  const refused = refusedNow(facts, [...verdict.refusals, ...budget]);
  if (refused !== undefined)
    return facts.live ? { kind: 'End', state: 'Denied', message: refused, tally } : { kind: 'LookAgainLive' };
  if (!isApproved(tally, requirements)) return wait(facts, tally, plan.spec.required.expiresAfter);
  if (!facts.live) return { kind: 'LookAgainLive' };
  return start(facts, tally);
}

// Rules about high risk may have come since. What else makes up a risk was seen in the rehearsal, and is pinned with it.
function riskNow({ policies }: Facts, { effects, risk }: ActionPlanSpec): RiskLevel {
  return judgeHighRisk(policies, effects).raised.reduce((worst, { level }) => higher(worst, level ?? 'Low'), risk.level);
}

// The stricter of what policy required when the plan was made and what it requires now.
function requiredNow(facts: Facts, spec: ActionPlanSpec, now: Requirements): Requirements {
  const then: Requirements = { ...spec.required, groups: spec.required.groups };
  // Lifting a suspension resumes nothing by itself, so what was suspended waits for a person from then on.
  if (!then.autoReview || facts.action.status?.resumedAt !== undefined) return strictest(then, now);
  const reasons = reasonsForPerson(facts, {
    effects: spec.effects,
    risk: riskNow(facts, spec),
    undeclared: spec.undeclared ?? [],
    notObservable: spec.notObservable ?? [],
  });
  return strictest(then, withAutoReview(now, reasons));
}

// A plan that could not start any more is told so at once, not after people have read and approved it.
function refusedNow(facts: Facts, byPlan: readonly Refusal[]): string | undefined {
  if (!playbookUnchanged(facts)) return 'the Playbook changed after the action was admitted. File the action again.';
  const [then, now] = [facts.plan?.spec.environment, facts.policies.environment];
  if (then !== now)
    return `the environment of the namespace changed from '${then ?? 'none'}' to '${now ?? 'none'}' after the rehearsal. File the action again.`;
  // Only live facts know whether the account may be used: without them it is no reason to look closer.
  const mayUseAccount = facts.live ? facts.mayUseAccount : true;
  const byAgent = facts.requester ? judgeAgent(facts.policies, facts.requester) : [];
  const refusals = [...byPlan, ...byAgent, ...admit({ ...facts, mayUseAccount, spec: facts.action.spec })];
  return refusals.length > 0
    ? `policy is stricter now: ${explainAll(withoutQuotes(dataHandling(facts.policies), refusals))}`
    : undefined;
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
  if (facts.guards.length > 0) return soon(`no start while guards are missing: ${facts.guards.join('; ')}`);
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
