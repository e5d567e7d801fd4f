import type { Finding, ObjectReference } from '@sentinel/findings';
import type { Cluster, Clusters } from './cluster-lines.ts';
import { clusterFinding } from './log-findings.ts';

/** How much more often an error must be, for each line of a log, to be reported as increased. */
const INCREASED = 2;
const MOST = 30;

/**
 * What changed in the errors of a workload with its last rollout. The number of lines that a revision has written is the measure, because
 * Pods of the two did not run for the same time.
 */
export function compareRollout(object: ObjectReference, before: Clusters, after: Clusters): Finding[] {
  const old = new Map(before.clusters.map((cluster) => [cluster.template, cluster]));
  const young = new Set(after.clusters.map(({ template }) => template));
  const appeared = after.clusters.flatMap((cluster) => changeOf(cluster, old.get(cluster.template), before, after) ?? []);
  const gone = before.clusters.filter(({ template }) => !young.has(template));
  return [
    ...appeared.slice(0, MOST).map(({ cluster, what }) => clusterFinding(object, cluster, what)),
    ...gone.slice(0, MOST).map((cluster) =>
      clusterFinding(object, cluster, {
        check: 'log-errors-gone',
        severity: 'Info',
        what: 'error lines only before the rollout',
      }),
    ),
    ...(before.lines === 0 ? [nothingBefore(object)] : []),
  ];
}

function changeOf(cluster: Cluster, was: Cluster | undefined, before: Clusters, after: Clusters) {
  // Without a log of the time before, nothing can be called new.
  if (before.lines === 0) return { cluster, what: undefined };
  if (was === undefined)
    return {
      cluster,
      what: { check: 'log-errors-new', severity: 'Warning', what: 'error lines only since the rollout' } as const,
    };
  const rate = (of: Cluster, { lines }: Clusters) => of.count / Math.max(1, lines);
  if (rate(cluster, after) < INCREASED * rate(was, before))
    return { cluster, what: { check: 'log-errors-same', severity: 'Info', what: 'error lines as before the rollout' } as const };
  const what = `error lines, more often than before the rollout (${was.count} of ${before.lines} lines, now ${cluster.count} of ${after.lines})`;
  return { cluster, what: { check: 'log-errors-increased', severity: 'Warning', what } as const };
}

const nothingBefore = (object: ObjectReference): Finding => ({
  check: 'log-no-comparison',
  severity: 'Info',
  object,
  summary: 'no Pod of an earlier revision is left in the window, so errors cannot be compared with those before the rollout',
  evidence: [],
});
