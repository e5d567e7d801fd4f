import type { Finding } from '@sentinel/findings';
import { conditionOf, referTo, type Workload } from '../objects.ts';

/** What is wrong with the rollouts of Deployments, StatefulSets and DaemonSets. */
export const workloadFindings = (workloads: readonly Workload[]): Finding[] =>
  workloads.flatMap((workload) => findingOf(workload) ?? []);

function findingOf(workload: Workload): Finding | undefined {
  const { spec, status, metadata } = workload;
  const object = referTo(workload);
  const wanted = workload.kind === 'DaemonSet' ? (status?.desiredNumberScheduled ?? 0) : (spec?.replicas ?? 1);
  const available = workload.kind === 'DaemonSet' ? wanted - (status?.numberUnavailable ?? 0) : (status?.availableReplicas ?? 0);
  const numbers = `${available} of ${wanted} replicas are available`;
  const progressing = conditionOf(status?.conditions, 'Progressing');
  const state = { source: 'Status', text: `${numbers}, ${status?.updatedReplicas ?? 0} are of the newest revision` } as const;
  if (progressing?.status === 'False')
    return {
      check: 'rollout-stalled',
      severity: 'Critical',
      object,
      summary: `the rollout does not go on (${progressing.reason ?? 'no reason'})`,
      evidence: [{ source: 'Status', text: progressing.message ?? '' }, state],
      suggestion: { text: 'Find out why the new Pods do not become available, or roll back to the revision before.' },
    };
  if ((status?.observedGeneration ?? 0) < (metadata.generation ?? 0))
    return {
      check: 'rollout-not-observed',
      severity: 'Warning',
      object,
      summary: 'the controller has not acted on the newest change',
      evidence: [{ source: 'Status', text: `generation ${metadata.generation}, observed ${status?.observedGeneration ?? 0}` }],
      suggestion: { text: 'Check the controller manager of the cluster.' },
    };
  if (available < wanted)
    return {
      check: 'workload-unavailable',
      severity: available === 0 ? 'Critical' : 'Warning',
      object,
      summary: numbers,
      evidence: [state],
      suggestion: { text: 'Look at the findings about its Pods.' },
    };
  if (spec?.paused)
    return {
      check: 'rollout-paused',
      severity: 'Info',
      object,
      summary: 'the rollout is paused: changes have no effect until it is resumed',
      evidence: [],
      suggestion: { text: 'Resume the rollout if nobody needs it to be paused.' },
    };
  return undefined;
}
