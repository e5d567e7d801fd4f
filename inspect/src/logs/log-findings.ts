import type { Finding, ObjectReference } from '@sentinel/findings';
import type { Cluster, Clusters } from './cluster-lines.ts';

/** How many clusters are findings of their own; the rest is one finding. */
const MOST_CLUSTERS = 30;

/**
 * The error clusters of a workload as findings. None is more than a warning: a line of a log is what a program says about itself, and what
 * Kubernetes reports about its Pods decides whether anything is critical.
 */
export function clusterFindings(workload: ObjectReference, { clusters }: Clusters): Finding[] {
  const rest = clusters.slice(MOST_CLUSTERS);
  return [
    ...clusters.slice(0, MOST_CLUSTERS).map((cluster) => clusterFinding(workload, cluster)),
    ...restFinding(workload, rest),
  ];
}

function restFinding(object: ObjectReference, rest: readonly Cluster[]): Finding[] {
  if (rest.length === 0) return [];
  const count = rest.reduce((sum, cluster) => sum + cluster.count, 0);
  return [
    {
      check: 'log-other-errors',
      severity: 'Warning',
      object,
      summary: `${rest.length} more kinds of errors, each with fewer lines`,
      count,
      evidence: [],
    },
  ];
}

/** One cluster as a finding. */
export function clusterFinding(
  object: ObjectReference,
  { template, count, firstSeen, lastSeen, samples, pods }: Cluster,
  { check, severity, what }: Pick<Finding, 'check' | 'severity'> & { readonly what: string } = {
    check: 'log-errors',
    severity: 'Warning',
    what: 'error lines',
  },
): Finding {
  return {
    check,
    severity,
    object,
    summary: `${what} in ${pods} ${pods === 1 ? 'Pod' : 'Pods'}: ${template}`,
    count,
    ...(firstSeen && { firstSeen }),
    ...(lastSeen && { lastSeen }),
    evidence: samples.map(({ text, time, pod }) => ({ source: 'Log', text: `Pod ${pod}: ${text}`, ...(time && { time }) })),
  };
}
