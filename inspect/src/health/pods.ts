import type { Evidence, Finding } from '@sentinel/findings';
import { ageOf, type ContainerStatus, conditionOf, HOUR, MINUTE, type Pod, timeOf, workloadOf } from '../objects.ts';
import { groupProblems, type Problem } from './group.ts';

/** How long a Pod may be not ready, or be deleted, before it is reported. */
const PATIENCE = 5 * MINUTE;
const MANY_RESTARTS = 5;

const waitingChecks: Readonly<Record<string, { check: string; what: string; next: string }>> = {
  CrashLoopBackOff: {
    check: 'pod-crash-looping',
    what: 'ends again and again',
    next: 'Read the logs of the container before its last restart.',
  },
  ...Object.fromEntries(
    ['ImagePullBackOff', 'ErrImagePull', 'InvalidImageName', 'ErrImageNeverPull', 'RegistryUnavailable'].map((reason) => [
      reason,
      {
        check: 'pod-image-pull',
        what: 'cannot get its image',
        next: 'Check the name of the image, the registry and the image pull secrets, or set another image.',
      },
    ]),
  ),
  ...Object.fromEntries(
    ['CreateContainerConfigError', 'CreateContainerError', 'RunContainerError', 'PreStartHookError'].map((reason) => [
      reason,
      {
        check: 'pod-container-config',
        what: 'cannot be created',
        next: 'Check the ConfigMaps, Secrets and volumes that the container names.',
      },
    ]),
  ),
};

/** What is wrong with Pods, by workload. Pods that have completed are not looked at. */
export const podFindings = (pods: readonly Pod[], now: number): Finding[] =>
  groupProblems(pods.flatMap((pod) => podProblems(pod, now)));

function podProblems(pod: Pod, now: number): Problem[] {
  const { status, metadata } = pod;
  const object = workloadOf(pod);
  const problem = (rest: Omit<Problem, 'object'>): Problem => ({ ...rest, object });
  if (metadata.deletionTimestamp !== undefined) {
    if (ageOf(metadata.deletionTimestamp, now) < PATIENCE) return [];
    const text = `Pod ${metadata.name}: deleted at ${metadata.deletionTimestamp}, finalizers: ${(metadata.finalizers ?? []).join(', ') || 'none'}`;
    return [
      problem({
        check: 'pod-stuck-terminating',
        severity: 'Warning',
        summary: 'a Pod is deleted and does not end',
        evidence: [{ source: 'Status', text }],
        suggestion: { text: 'Check its finalizers and the kubelet of its node.' },
      }),
    ];
  }
  if (status?.phase === 'Succeeded') return [];
  // A failed Pod of a Job is reported with the Job.
  if (status?.phase === 'Failed') return object.kind === 'Job' ? [] : [problem(failed(pod))];
  const statuses = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  const waiting = statuses.flatMap((container) => waitingProblem(pod, container, now) ?? []);
  const rest = [...waiting, ...statuses.flatMap((container) => restartProblem(pod, container, now) ?? [])];
  const problems = [...rest, ...(unschedulable(pod) ?? [])];
  if (problems.length > 0) return problems.map(problem);
  return (notReady(pod, now) ?? []).map(problem);
}

type Part = Omit<Problem, 'object'>;

const inPod = (pod: Pod, text: string): string => `Pod ${pod.metadata.name}: ${text}`;

function failed(pod: Pod): Part {
  const { reason, message } = pod.status ?? {};
  return {
    check: 'pod-failed',
    severity: 'Warning',
    summary: `a Pod has failed${reason === undefined ? '' : ` (${reason})`}`,
    evidence: [{ source: 'Status', text: inPod(pod, message ?? reason ?? 'phase Failed') }],
    suggestion: { text: 'Delete the failed Pod after its reason is known.' },
  };
}

function waitingProblem(pod: Pod, status: ContainerStatus, now: number): Part | undefined {
  const { name = '', state, lastState } = status;
  const reason = state?.waiting?.reason ?? (isCrashLoop(status, now) ? 'CrashLoopBackOff' : '');
  const known = Object.hasOwn(waitingChecks, reason) ? waitingChecks[reason] : undefined;
  if (!known) return undefined;
  const last = lastState?.terminated;
  const ended: Evidence[] = last
    ? [
        {
          source: 'Status',
          text: inPod(pod, `last exit code ${last.exitCode} (${last.reason ?? ''}) ${last.message ?? ''}`.trim()),
        },
      ]
    : [];
  return {
    check: known.check,
    severity: 'Critical',
    summary: `container '${name}' ${known.what} (${reason})`,
    evidence: [{ source: 'Status', text: inPod(pod, state?.waiting?.message ?? reason) }, ...ended],
    suggestion: { text: known.next },
  };
}

/** Between two restarts a container is not waiting: it has just ended, or runs until it ends again. */
function isCrashLoop({ state, lastState, restartCount = 0 }: ContainerStatus, now: number): boolean {
  if (state?.terminated !== undefined) return state.terminated.exitCode !== 0 && restartCount > 0;
  const last = lastState?.terminated;
  const isRecent = last?.finishedAt !== undefined && ageOf(last.finishedAt, now) < 10 * MINUTE;
  return isRecent && last.exitCode !== 0 && last.reason !== 'OOMKilled' && restartCount >= 3;
}

function restartProblem(pod: Pod, status: ContainerStatus, now: number) {
  const { name = '', restartCount = 0, state, lastState } = status;
  const last = lastState?.terminated;
  if (!last || ageOf(last.finishedAt, now) > HOUR || state?.waiting !== undefined || isCrashLoop(status, now)) return undefined;
  const time = timeOf(last.finishedAt);
  const text = inPod(pod, `${restartCount} restarts, last exit code ${last.exitCode} (${last.reason ?? ''})`);
  const evidence: Evidence[] = [{ source: 'Status', text, ...(time && { time }) }];
  if (last.reason === 'OOMKilled') {
    const suggestion = { text: 'Raise the memory limit of the container, or find out what takes the memory.' };
    const summary = `container '${name}' used more memory than its limit and was killed (OOMKilled)`;
    return { check: 'pod-out-of-memory', severity: 'Warning', summary, evidence, suggestion } satisfies Part;
  }
  if (restartCount < MANY_RESTARTS) return undefined;
  const suggestion = { text: 'Read the logs of the container before its last restart.' };
  const summary = `container '${name}' restarts often`;
  return { check: 'pod-restarting', severity: 'Warning', summary, evidence, suggestion } satisfies Part;
}

function unschedulable(pod: Pod): Part[] | undefined {
  const scheduled = conditionOf(pod.status?.conditions, 'PodScheduled');
  if (scheduled?.status !== 'False' || scheduled.reason !== 'Unschedulable') return undefined;
  const evidence: Evidence[] = [{ source: 'Status', text: inPod(pod, scheduled.message ?? 'Unschedulable') }];
  const suggestion = { text: 'Check the requests, node selectors, taints and claims of the Pod, and the capacity of the nodes.' };
  return [{ check: 'pod-unschedulable', severity: 'Critical', summary: 'no node can take a Pod', evidence, suggestion }];
}

function notReady(pod: Pod, now: number): Part[] | undefined {
  const ready = conditionOf(pod.status?.conditions, 'Ready');
  if (ready?.status !== 'False' || ready.reason === 'PodCompleted') return undefined;
  if (ageOf(ready.lastTransitionTime, now) < PATIENCE) return undefined;
  const text = inPod(pod, `not ready since ${ready.lastTransitionTime}: ${ready.message ?? ready.reason ?? ''}`);
  const evidence: Evidence[] = [{ source: 'Status', text }];
  const suggestion = { text: 'Check the readiness probe and the logs of its containers.' };
  return [{ check: 'pod-not-ready', severity: 'Warning', summary: 'a Pod is not ready for minutes', evidence, suggestion }];
}
