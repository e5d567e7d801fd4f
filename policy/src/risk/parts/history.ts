import type { RiskPart } from '@sentinel/crds';
import type { Activity } from '../../limits/limits.ts';
import { part } from '../part.ts';
import { count } from '../words.ts';

/** The run that a plan is for, as its history is looked up. */
export interface PlannedRun {
  readonly uid: string;
  readonly namespace: string;
  readonly playbook: string;
  readonly playbookDigest: string;
  /** What the plan changes: one short name for each object, as {@link Activity} has it. */
  readonly targets: readonly string[];
}

/** What happened to earlier real runs of a Playbook in a namespace, as far as their actions still exist. */
export interface History {
  readonly playbook: string;
  readonly namespace: string;
  /** Whether this version of it has run here before. */
  readonly ranBefore: boolean;
  /** How many of the objects it has never changed. */
  readonly newTargets: number;
  /** Whether its last run here did not end well. */
  readonly failed: boolean;
  /** On how many of the objects its last run did not end well. */
  readonly failedTargets: number;
}

/** Looks up the history of a run among all actions of the cluster. */
export function historyOf(activity: Iterable<Activity>, run: PlannedRun): History {
  const runs = [...activity].filter(
    (one) =>
      one.uid !== run.uid &&
      one.namespace === run.namespace &&
      one.playbook === run.playbook &&
      one.phase === 'Ended' &&
      (one.failed || one.succeeded === true),
  );
  const onTarget = (target: string) => runs.filter(({ targets }) => targets.includes(target));
  return {
    playbook: run.playbook,
    namespace: run.namespace,
    ranBefore: runs.some(({ playbookDigest }) => playbookDigest === run.playbookDigest),
    newTargets: run.targets.filter((target) => onTarget(target).length === 0).length,
    failed: lastFailed(runs),
    failedTargets: run.targets.filter((target) => lastFailed(onTarget(target))).length,
  };
}

// Of two that ended at the same time the one that failed counts.
function lastFailed(runs: readonly Activity[]): boolean {
  const last = Math.max(...runs.map(({ ended }) => ended ?? 0));
  return runs.some(({ ended, failed }) => failed && (ended ?? 0) === last);
}

/** What earlier runs say of this one. A row of successes adds nothing, and takes nothing away. */
export function partsOfHistory(history: History): RiskPart[] {
  const { playbook, namespace } = history;
  const where = history.failedTargets > 0 ? `on ${count(history.failedTargets, 'object')} of this plan` : `here`;
  return [
    ...(history.ranBefore
      ? part('new-target', Math.min(1, history.newTargets), `${count(history.newTargets, 'object')} it has never changed before`)
      : part('first-run', 1, `Playbook '${playbook}', as it is now, has never run in namespace '${namespace}'`)),
    ...(history.failed || history.failedTargets > 0
      ? part('failed-before', 1, `the last run of Playbook '${playbook}' ${where} did not end well`)
      : []),
  ];
}

/** Every part that the history of a run may add, whatever it was: what the operator counts can be one of these and nothing else. */
export function possibleHistory({ playbook, namespace }: Pick<History, 'playbook' | 'namespace'>, objects: number): RiskPart[] {
  const counts = Array.from({ length: objects + 1 }, (_, index) => index);
  return counts.flatMap((at) => [
    ...partsOfHistory({ playbook, namespace, ranBefore: true, newTargets: at, failed: true, failedTargets: at }),
    ...(at === 0
      ? partsOfHistory({ playbook, namespace, ranBefore: false, newTargets: 0, failed: false, failedTargets: 0 })
      : []),
  ]);
}
