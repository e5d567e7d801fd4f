import { createHash } from 'node:crypto';
import { type AgentAction, annotations, type Effect, finalStates, type State, successStates } from '@sentinel/crds';
import { type Activity, parseIdentity } from '@sentinel/policy';
import { stateOf } from '../status/conditions.ts';

const phases: Partial<Record<State, Activity['phase']>> = {
  Pending: 'Filed',
  Rehearsing: 'Rehearsing',
  AwaitingApproval: 'Waiting',
  ChangesRequested: 'Waiting',
  Suspended: 'Waiting',
  Starting: 'Waiting',
  Running: 'Running',
  OutcomeUnknown: 'Unresolved',
  Verifying: 'Running',
  RollingBack: 'Running',
};
const badEnds: ReadonlySet<State> = new Set<State>([
  'Blocked',
  'RunFailed',
  'VerificationFailed',
  'RolledBack',
  'RollbackIncomplete',
]);

// Objects of a cache are immutable, so the result is kept per object: limits read all of them.
const seen = new WeakMap<AgentAction, Activity>();

/** The facts about an action that limits use. */
export function activityOf(action: AgentAction): Activity {
  const before = seen.get(action);
  if (before) return before;
  const { metadata, status, spec } = action;
  const state = stateOf(status);
  const conditionTime = (type: string) => {
    const found = status?.conditions?.find((one) => one.type === type && one.status === 'True');
    return found ? Date.parse(found.lastTransitionTime) : undefined;
  };
  const hasRun = status?.stages?.some(({ stage }) => stage === 'run') === true;
  // A run that people had to undo does not count as a success that earns autonomy.
  const isUndone = status?.rolledBackBy !== undefined;
  const activity: Activity = {
    uid: metadata.uid ?? '',
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    requester: parseIdentity(metadata.annotations?.[annotations.requestedBy]) ?? { user: '', groups: [] },
    playbook: spec.playbookRef?.name ?? '',
    playbookDigest: status?.playbook?.digest,
    admitted: status?.startedAt === undefined ? undefined : Date.parse(status.startedAt),
    phase: finalStates.has(state) ? 'Ended' : status?.queuedAt === undefined ? (phases[state] ?? 'Filed') : 'Queued',
    attempts: status?.attempt ?? 0,
    rehearsed: (status?.stages ?? []).flatMap((one) =>
      one.stage === 'rehearsal' && one.startedAt !== undefined ? [Date.parse(one.startedAt)] : [],
    ),
    // A plan that starts without a person was not submitted for approval.
    asked: status?.plan && !status.required?.autoReview ? conditionTime('Rehearsed') : undefined,
    queued: status?.queuedAt === undefined ? undefined : Date.parse(status.queuedAt),
    ended: status?.finishedAt === undefined ? undefined : Date.parse(status.finishedAt),
    // Cancelling a failing run does not prevent it from counting as failed.
    failed: isUndone || badEnds.has(state) || (finalStates.has(state) && state !== 'Succeeded' && hasRun),
    succeeded: state === 'Succeeded' && !isUndone,
    isGood: successStates.has(state),
    undoes: spec.rollbackOf?.uid,
    parent: status?.lineage?.at(-1)?.uid,
    root: status?.lineage?.[0]?.uid ?? metadata.uid ?? '',
    changed: hasRun ? (status?.plan?.effects ?? 0) : 0,
    targets: status?.plan?.targets ?? [],
  };
  seen.set(action, activity);
  return activity;
}

/** Short names of the objects that a plan changes, for the lock on targets. The same object has the same name in every plan. */
export function targetsOf(effects: readonly Effect[]): string[] {
  const names = effects.map(({ apiGroup, resource, namespace, name }) =>
    createHash('sha256')
      .update(JSON.stringify([apiGroup, resource.split('/')[0], namespace ?? '', name]))
      .digest('hex')
      .slice(0, 16),
  );
  return [...new Set(names)].sort();
}
