import { type AgentAction, annotations, finalStates, type Stage } from '@sentinel/crds';
import {
  admit,
  childrenOf,
  codesOf,
  dataHandling,
  describeSuspensions,
  endedByParent,
  explainAll,
  holdRehearsalRate,
  holdSandbox,
  judgeAgent,
  judgeAmendment,
  judgeFiling,
  judgeOverlap,
  judgeParent,
  judgeRollbackOf,
  judgeStorage,
  parseIdentity,
  type Refusal,
  replacementOf,
  seconds,
  suspendedBy,
  suspensionsOf,
  withoutQuotes,
} from '@sentinel/policy';
import { activityOf } from '../facts/activity.ts';
import type { Facts } from '../facts/facts.ts';
import { stateOf } from '../status/conditions.ts';
import { outboxRoom, ROOM_TO_END } from '../status/record.ts';
import { decideOnRelease } from './release.ts';
import { decideOnResolution } from './resolution.ts';
import { restartPauseMs } from './restart.ts';
import { decideOnRetirement } from './retirement.ts';
import { decideOnReview } from './review.ts';
import { rollsBack } from './rollback.ts';
import type { NextStep } from './step.ts';
import { stoppedBy } from './stopped-by.ts';

const FULL_RETRY_MS = 5_000;
const UNCOUNTED_RETRY_MS = 5_000;
/** The assumed size of a small recording. A larger one is measured before it is stored. */
const REHEARSAL_BYTES = 64 * 1024;

/** Decides the next step of an action from facts alone: no clock, no client, nothing remembered. */
export function decideNextStep(facts: Facts): NextStep {
  const { action } = facts;
  const state = stateOf(action.status);
  if (finalStates.has(state) && isUndoneSince(facts)) return { kind: 'NoteUndone' };
  if (finalStates.has(state)) return action.metadata.finalizers?.length ? decideOnRelease(facts) : decideOnRetirement(facts);
  const stopped = stoppedBy(facts);
  if (stopped) return stop(facts, stopped.why, stopped.actor);
  const replacement = beforeRun.has(state)
    ? replacementOf(facts.playbook?.spec.schedule, activityOf(action), facts.activity)
    : undefined;
  if (replacement !== undefined) return stop(facts, `replaced by '${replacement}', the next action of its schedule`);
  const orphaned = endedByParent(facts.parent, action.status?.lineage?.at(-1)?.uid, action.spec.mode);
  if (orphaned !== undefined) return stop(facts, orphaned);
  if (beforeRun.has(state) && outboxRoom(action.status) < ROOM_TO_END && !isUnderWay(facts))
    return {
      kind: 'Wait',
      requeueAfterMs: FULL_RETRY_MS,
      why: 'the action waits while the audit trail is full: no sink acknowledges its records; check the sink of the audit trail',
      state,
    };
  if (editedSince(facts)) return startOver(facts);
  switch (state) {
    case 'Pending':
      return decideOnAdmission(facts);
    case 'Rehearsing':
      return decideOnJob(facts, 'rehearsal');
    case 'AwaitingApproval':
    case 'ChangesRequested':
    case 'Starting':
    case 'Suspended':
      return decideOnReview(facts);
    case 'Running':
      return decideOnJob(facts, 'run');
    case 'OutcomeUnknown':
      return decideOnResolution(facts);
    case 'Verifying':
      return decideOnVerification(facts);
    case 'RollingBack':
      return rollBack(facts);
    default:
      return { kind: 'Wait' };
  }
}

// The end of an action is recorded first, its retirement last.
function isUndoneSince({ action: { metadata, status }, undoneBy }: Facts): boolean {
  const last = status?.outbox?.records.at(-1)?.transition;
  const isKept = metadata.deletionTimestamp === undefined && last !== 'Retired';
  return undoneBy !== undefined && isKept && outboxRoom(status) > 0 && status?.rolledBackBy?.uid !== undoneBy.uid;
}

function decideOnAdmission(facts: Facts): NextStep {
  if (!facts.live) return stillHeld(facts) ?? { kind: 'LookAgainLive' };
  if (!facts.requester)
    return {
      kind: 'End',
      state: 'Denied',
      message: 'missing requester annotation (the admission webhook did not run); create the action again',
    };
  if (facts.storage === undefined)
    return {
      kind: 'Wait',
      why: 'what is stored for actions cannot be counted now, because the gateway does not answer; it is tried again',
      state: 'Pending',
      requeueAfterMs: UNCOUNTED_RETRY_MS,
    };
  const refusals = refusalsOf(facts, facts.requester);
  if (refusals.length > 0)
    return {
      kind: 'End',
      state: 'Denied',
      message: explainAll(withoutQuotes(dataHandling(facts.policies), refusals)),
      rules: refusals.map(({ rule }) => rule),
      codes: codesOf(refusals),
    };
  return holdOf(facts) ?? { kind: 'StartJob', stage: 'rehearsal' };
}

function refusalsOf(facts: Facts, requester: NonNullable<Facts['requester']>): Refusal[] {
  const { action, policies, activity, parent, amended, storage } = facts;
  const self = activityOf(action);
  const siblings = parent && childrenOf(parent.uid, self, activity);
  return [
    ...judgeAgent(policies, requester),
    ...admit({ ...facts, spec: action.spec }),
    ...judgeParent(policies, { spec: action.spec, requester, uid: action.metadata.uid }, parent, siblings),
    ...judgeAmendment({ spec: action.spec, requester, amended, amendedRequester: requesterOf(amended) }),
    ...judgeFiling(policies, self, activity, facts.now),
    ...judgeRollbackOf({ uid: self.uid, spec: action.spec }, { original: facts.original, activity }),
    ...judgeOverlap(facts.playbook?.spec.schedule, self, activity),
    ...(storage === undefined ? [] : judgeStorage(policies, self.namespace, storage, REHEARSAL_BYTES)),
  ];
}

const requesterOf = (action: AgentAction | undefined) => parseIdentity(action?.metadata.annotations?.[annotations.requestedBy]);

function holdOf({ action, policies, activity, now }: Facts): NextStep | undefined {
  const self = activityOf(action);
  const hold = holdSandbox(policies, self, activity) ?? holdRehearsalRate(self, activity, now);
  if (!hold) return undefined;
  const why = `${hold.message} (${hold.policy}: ${hold.rule})`;
  return { kind: 'Wait', why, state: 'Pending', requeueAfterMs: hold.requeueAfterMs };
}

/**
 * An action that waits for a sandbox after a live check keeps waiting as long as the caches show no free sandbox: that starts nothing, so
 * the caches may be used, and many waiting actions cause no requests. What the caches would refuse is checked live. The right to use
 * the account is known only to the API server; it is checked before the start.
 */
function stillHeld(facts: Facts): NextStep | undefined {
  const { action, requester } = facts;
  const hasWaited = action.status?.conditions?.some(({ type, reason }) => type === 'Succeeded' && reason === 'Pending') === true;
  if (!hasWaited || !requester) return undefined;
  return refusalsOf({ ...facts, mayUseAccount: true }, requester).length === 0 ? holdOf(facts) : undefined;
}

/** A stage that has a Job: create it, release it, wait for it, read it. */
function decideOnJob(facts: Facts, stage: Stage): NextStep {
  const { stage: current, job } = facts;
  // The Job of a real run is recorded in the write that says Running. It is started after a review and nowhere else.
  if (stage === 'run' && (current?.stage !== 'run' || current.outcome !== undefined))
    return { kind: 'End', state: 'RunFailed', message: 'the Job of the real run is not recorded, so its outcome is unknown' };
  if (!current || current.stage !== stage || current.outcome !== undefined) return startUnlessSuspended(facts, stage);
  // A Job whose uid is recorded and that is gone is never created again, because its outcome is unknown.
  if (!job) return facts.live ? { kind: 'ReadOutcome', stage } : { kind: 'LookAgainLive' };
  if (job.phase === 'Ended') return { kind: 'ReadOutcome', stage };
  // The kill switch ends every running Job, and keeps its output.
  const stoppers = suspendedBy(facts.policies);
  if (stoppers.length > 0)
    return facts.live
      ? {
          kind: 'StopJob',
          why: `suspended by ${describeSuspensions(suspensionsOf(facts.policies))}`,
          evidence: true,
          ...untilLost(facts),
        }
      : { kind: 'LookAgainLive' };
  return job.suspended ? { kind: 'ReleaseJob' } : { kind: 'Wait', ...untilLost(facts) };
}

// There is no event when the deletion of a pod becomes overdue, so the action is reconciled again after that time.
const untilLost = ({ job, now }: Facts): { readonly requeueAfterMs?: number } =>
  job?.lostAt === undefined ? {} : { requeueAfterMs: job.lostAt - now };

// Nothing starts while the kill switch is on. A change of a policy triggers the next reconcile.
function startUnlessSuspended(facts: Facts, stage: Stage): NextStep {
  const stoppers = suspendedBy(facts.policies);
  if (stoppers.length === 0) return { kind: 'StartJob', stage };
  const why = `nothing starts while ${stoppers.join(', ')} is suspended`;
  return { kind: 'Wait', why, state: stateOf(facts.action.status) };
}

function decideOnVerification(facts: Facts): NextStep {
  const { stage, plan, playbook, now } = facts;
  // A verification that has ended while the action has not did not run, and is started again.
  if (stage?.stage === 'run' || (stage?.stage === 'verification' && stage.outcome !== undefined)) {
    if (!plan || !playbook)
      return facts.live ? { kind: 'FailVerification', why: whyUnverifiable(facts) } : { kind: 'LookAgainLive' };
    const pause = stage.stage === 'run' ? verifyAfterMs(facts) : restartPauseMs(stage.attempt);
    const due = Date.parse(stage.finishedAt ?? '') + pause;
    if (due > now) return { kind: 'Wait', requeueAfterMs: due - now };
    return startUnlessSuspended(facts, 'verification');
  }
  return decideOnJob(facts, 'verification');
}

/** Why the checks that were approved cannot be run any more. */
export const whyUnverifiable = ({ plan }: Pick<Facts, 'plan'>): string =>
  plan
    ? 'the Playbook is no longer the approved one, and the plan has no copy of it, so its checks cannot be run'
    : 'the plan is gone, so its checks cannot be run';

/** The `verifyAfter` of the Playbook, in milliseconds. */
export function verifyAfterMs({ playbook }: Pick<Facts, 'playbook'>): number {
  const text = playbook?.spec.verifyAfter;
  return text === undefined ? 0 : seconds(text) * 1000;
}

// An existing Job is always followed until it ends: the reserved room of the audit trail is for its records.
const isUnderWay = ({ stage }: Facts) => stage !== undefined && stage.outcome === undefined;

// Ends every running Job. Changes that a real run has made already are rolled back like after a failure.
function stop(facts: Facts, why: string, actor?: string): NextStep {
  const { stage, job, action } = facts;
  const state = stateOf(action.status);
  if (state === 'RollingBack') return rollBack(facts);
  if (state === 'OutcomeUnknown') return facts.live ? { kind: 'Abandon', why } : { kind: 'LookAgainLive' };
  if (stage && stage.outcome === undefined) {
    if (job && job.phase !== 'Ended') return { kind: 'StopJob', why, ...untilLost(facts) };
    if (!facts.live) return { kind: 'LookAgainLive' };
    return { kind: 'ReadOutcome', stage: stage.stage };
  }
  if (state === 'Verifying' && rollsBack(facts)) return beginRollback(facts, `${why} before it was verified`);
  return {
    kind: 'End',
    state: 'Cancelled',
    message: state === 'Verifying' ? `${why} before it was verified; its changes stay, because rollback is not available` : why,
    ...(actor === undefined ? {} : { actor }),
  };
}

// The kill switch stops an action in its current state: there are no further writes, not even by a rollback.
function rollBack({ policies, live }: Facts): NextStep {
  const stoppers = suspendedBy(policies);
  if (stoppers.length === 0) return { kind: 'RollBack' };
  if (!live) return { kind: 'LookAgainLive' };
  const message = `stopped by the kill switch of ${describeSuspensions(suspensionsOf(policies))} before the rollback; its changes stay`;
  return { kind: 'End', state: 'RollbackIncomplete', message };
}

// The gateway rolls back only actions whose status says so, so the status is written first.
function beginRollback(facts: Facts, why: string): NextStep {
  const next = rollBack(facts);
  return next.kind === 'RollBack' ? { kind: 'BeginRollback', why } : next;
}

const beforeRun = new Set(['Pending', 'Rehearsing', 'AwaitingApproval', 'ChangesRequested', 'Starting', 'Suspended']);

function editedSince({ action }: Facts): boolean {
  const observed = action.status?.observedGeneration;
  return (
    observed !== undefined &&
    action.metadata.generation !== undefined &&
    observed !== action.metadata.generation &&
    beforeRun.has(stateOf(action.status))
  );
}

function startOver(facts: Facts): NextStep {
  const { stage, job } = facts;
  if (stage && stage.outcome === undefined && job && job.phase !== 'Ended')
    return { kind: 'StopJob', why: 'the action was edited', ...untilLost(facts) };
  return { kind: 'StartOver' };
}
