import { ACTION_UID_LABEL, type AgentAction, finalStates } from '@sentinel/crds';
import type { AnyObject } from '@sentinel/kube';
import { jobName } from '@sentinel/policy';
import { stateOf } from '../status/conditions.ts';

/**
 * The suspended Jobs of an action that will never be released: those that its status does not and will not name, and all of them if the
 * action has ended. A Job is created before it is recorded, so a crash or a conflict in between leaves an orphan.
 *
 * `jobs` are those that name the action, and `action` is undefined if it does not exist. A Job that the next reconcile would
 * start is not an orphan: that reconcile finds it by its name and records it.
 */
export function orphanedJobs(jobs: readonly AnyObject[], action: AgentAction | undefined): AnyObject[] {
  return jobs.filter((job) => {
    const owner = job.metadata.labels?.[ACTION_UID_LABEL];
    if (owner === undefined || !isSuspended(job) || job.metadata.deletionTimestamp !== undefined) return false;
    if (action === undefined || action.metadata.uid !== owner) return true;
    if (finalStates.has(stateOf(action.status))) return true;
    const isRecorded = action.status?.stages?.some(({ uid }) => uid === job.metadata.uid) === true;
    return !isRecorded && !nextNames(action, owner).includes(job.metadata.name ?? '');
  });
}

/** Whether a Job has not been released. */
export const isSuspended = (job: AnyObject): boolean => (job.spec as { suspend?: boolean } | undefined)?.suspend === true;

// The names of the Jobs that may come next.
function nextNames({ status }: AgentAction, uid: string): string[] {
  const plan = status?.plan?.digest;
  const rehearsal = jobName(uid, 'rehearsal', (status?.attempt ?? 0) + 1, undefined);
  return plan === undefined ? [rehearsal] : [rehearsal, jobName(uid, 'run', 1, plan), jobName(uid, 'verification', 1, plan)];
}
