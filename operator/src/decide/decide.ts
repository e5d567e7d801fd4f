import { finalStates, type Stage } from '@sentinel/crds';
import {
  admit,
  childrenOf,
  dataHandling,
  endedByParent,
  explainAll,
  judgeAgent,
  judgeFiling,
  judgeParent,
  playbookDigest,
  suspendedBy,
  withoutQuotes,
} from '@sentinel/policy';
import { activityOf } from '../facts/activity.ts';
import type { Facts } from '../facts/facts.ts';
import { stateOf } from '../status/conditions.ts';
import { outboxRoom, ROOM_TO_END } from '../status/record.ts';
import { decideOnRetirement } from './retirement.ts';
import { decideOnReview } from './review.ts';
import { rollsBack } from './rollback.ts';
import type { NextStep } from './step.ts';

const FULL_RETRY_MS = 5_000;

/** Decides the next step of an action from facts alone: no clock, no client, nothing remembered. */
export function decide(facts: Facts): NextStep {
  const { action } = facts;
  const state = stateOf(action.status);
  if (finalStates.has(state)) return action.metadata.finalizers?.length ? { kind: 'LetGo' } : decideOnRetirement(facts);
  if (action.metadata.deletionTimestamp !== undefined) return stop(facts, 'the action was deleted');
  if (action.spec.cancelled) return stop(facts, 'the action was cancelled');
  const orphaned = endedByParent(facts.parent, action.status?.lineage?.at(-1)?.uid, action.spec.mode);
  if (orphaned !== undefined) return stop(facts, orphaned);
  if (beforeRun.has(state) && outboxRoom(action.status) < ROOM_TO_END && !isUnderWay(facts))
    return {
      kind: 'Wait',
      requeueAfterMs: FULL_RETRY_MS,
      why: 'nothing goes on while the audit trail is full: no sink acknowledges its records',
      state,
    };
  if (editedSince(facts)) return startOver(facts);
  switch (state) {
    case 'Pending':
      return decideOnAdmission(facts);
    case 'Rehearsing':
      return decideOnJob(facts, 'rehearsal');
    case 'AwaitingApproval':
    case 'Starting':
    case 'Suspended':
      return decideOnReview(facts);
    case 'Running':
      return decideOnJob(facts, 'run');
    case 'Verifying':
      return decideOnVerification(facts);
    case 'RollingBack':
      return rollBack(facts);
    default:
      return { kind: 'Wait' };
  }
}

function decideOnAdmission(facts: Facts): NextStep {
  if (!facts.live) return { kind: 'LookAgainLive' };
  if (!facts.requester)
    return {
      kind: 'End',
      state: 'Denied',
      message: 'missing requester annotation (the admission webhook did not run); create the action again',
    };
  const { action, policies, activity, requester, parent } = facts;
  const self = activityOf(action);
  const siblings = parent && childrenOf(parent.uid, self, activity);
  const refusals = [
    ...judgeAgent(policies, requester),
    ...admit({ ...facts, spec: action.spec }),
    ...judgeParent(policies, { spec: action.spec, requester, uid: action.metadata.uid }, parent, siblings),
    ...judgeFiling(policies, self, activity, facts.now),
  ];
  if (refusals.length > 0)
    return { kind: 'End', state: 'Denied', message: explainAll(withoutQuotes(dataHandling(policies), refusals)) };
  return { kind: 'StartJob', stage: 'rehearsal' };
}

/** A stage that has a Job: create it, release it, wait for it, read it. */
function decideOnJob(facts: Facts, stage: Stage): NextStep {
  const { stage: current, job } = facts;
  // The Job of a real run is recorded in the write that says Running. It is started after a review and nowhere else.
  if (stage === 'run' && (current?.stage !== 'run' || current.outcome !== undefined))
    return { kind: 'End', state: 'RunFailed', message: 'the Job of the real run is not recorded, so its outcome is unknown' };
  if (!current || current.stage !== stage || current.outcome !== undefined) return startUnlessSuspended(facts, stage);
  // A Job whose uid is recorded and that is gone is never made again: nobody knows what it did.
  if (!job) return facts.live ? { kind: 'ReadOutcome', stage } : { kind: 'LookAgainLive' };
  if (job.phase === 'Ended') return { kind: 'ReadOutcome', stage };
  // The kill switch ends what runs, whatever it is, and keeps what it printed.
  const stoppers = suspendedBy(facts.policies);
  if (stoppers.length > 0)
    return facts.live
      ? { kind: 'StopJob', why: `suspended by ${stoppers.join(', ')}`, evidence: true }
      : { kind: 'LookAgainLive' };
  return job.suspended ? { kind: 'ReleaseJob' } : { kind: 'Wait' };
}

// Nothing starts while the kill switch is on. It is looked at again when a policy changes.
function startUnlessSuspended(facts: Facts, stage: Stage): NextStep {
  const stoppers = suspendedBy(facts.policies);
  if (stoppers.length === 0) return { kind: 'StartJob', stage };
  const why = `nothing starts while ${stoppers.join(', ')} is suspended`;
  return { kind: 'Wait', why, state: stateOf(facts.action.status) };
}

function decideOnVerification(facts: Facts): NextStep {
  const { stage, plan, playbook, now } = facts;
  if (stage?.stage === 'run') {
    if (!plan || !playbook)
      return facts.live ? { kind: 'FailVerification', why: whyUnverifiable(facts) } : { kind: 'LookAgainLive' };
    const due = Date.parse(stage.finishedAt ?? '') + verifyAfterMs(facts);
    if (due > now) return { kind: 'Wait', requeueAfterMs: due - now };
    return startUnlessSuspended(facts, 'verification');
  }
  return decideOnJob(facts, 'verification');
}

/** Why the checks that were approved cannot be run any more. */
export const whyUnverifiable = ({ plan }: Pick<Facts, 'plan'>): string =>
  plan
    ? 'the Playbook is not what was approved any more, and the plan has no copy of it, so its checks cannot be run'
    : 'the plan is gone, so its checks cannot be run';

/** How long the Playbook wants to wait before it verifies, in milliseconds. */
export function verifyAfterMs({ playbook }: Pick<Facts, 'playbook'>): number {
  const text = playbook?.spec.verifyAfter;
  const match = /^([0-9]+)([smhd])$/.exec(text ?? '');
  const factors: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
  return match ? Number(match[1]) * (factors[match[2] ?? 's'] ?? 0) : 0;
}

// A Job that is there is always brought to its end: its records are what the room is kept for.
const isUnderWay = ({ stage }: Facts) => stage !== undefined && stage.outcome === undefined;

// Ends what runs, whatever it is. What a real run has done already is taken back like after a failure.
function stop(facts: Facts, why: string): NextStep {
  const { stage, job, action } = facts;
  const state = stateOf(action.status);
  if (state === 'RollingBack') return rollBack(facts);
  if (stage && stage.outcome === undefined) {
    if (job && job.phase !== 'Ended') return { kind: 'StopJob', why };
    if (!facts.live) return { kind: 'LookAgainLive' };
    return { kind: 'ReadOutcome', stage: stage.stage };
  }
  if (state === 'Verifying' && rollsBack(facts)) return rollBack(facts);
  return {
    kind: 'End',
    state: 'Cancelled',
    message: state === 'Verifying' ? `${why} before it was verified; its changes stay, because rollback is not available` : why,
  };
}

// The kill switch freezes what there is: nothing is written any more, not even to take something back.
function rollBack({ policies, live }: Facts): NextStep {
  const stoppers = suspendedBy(policies);
  if (stoppers.length === 0) return { kind: 'RollBack' };
  if (!live) return { kind: 'LookAgainLive' };
  const message = `ended by the kill switch of ${stoppers.join(', ')} before the rollback; its changes stay`;
  return { kind: 'End', state: 'RollbackIncomplete', message };
}

const beforeRun = new Set(['Pending', 'Rehearsing', 'AwaitingApproval', 'Starting', 'Suspended']);

function editedSince({ action }: Facts): boolean {
  const observed = action.status?.observedGeneration;
  return (
    observed !== undefined &&
    action.metadata.generation !== undefined &&
    observed !== action.metadata.generation &&
    beforeRun.has(stateOf(action.status))
  );
}

function startOver({ stage, job }: Facts): NextStep {
  if (stage && stage.outcome === undefined && job && job.phase !== 'Ended')
    return { kind: 'StopJob', why: 'the action was edited' };
  return { kind: 'StartOver' };
}

/** Whether the Playbook is still the one that was admitted. */
export function playbookUnchanged({ playbook, action }: Pick<Facts, 'playbook' | 'action'>): boolean {
  return playbook !== undefined && playbookDigest(playbook) === action.status?.playbook?.digest;
}
