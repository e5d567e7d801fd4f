import { count, type RunReport, type Stage, type StageStatus } from '@sentinel/crds';
import { END, GATE, stepContainer } from '@sentinel/policy';
import type { JobView } from '../facts/facts.ts';
import { cut } from '../status/text.ts';

const MESSAGE_MAX = 2048;
const NAMED = 3;
const REFUSAL_MAX = 450;

/** The outcome of a stage, from the states of its containers and the report of the gateway. In doubt it is `Unknown`, never success. */
export function outcomeOf(
  job: JobView | undefined,
  steps: readonly string[] | undefined,
  report: RunReport | undefined,
  effects: number,
): Pick<StageStatus, 'outcome' | 'message' | 'steps'> {
  if (report?.blocked !== undefined) return { outcome: 'Blocked', message: report.blocked, steps: stepResults(job, steps ?? []) };
  if (!job) return { outcome: 'Unknown', message: 'its Job is gone, so its outcome is unknown' };
  if (!steps) return { outcome: 'Unknown', message: 'the plan is gone, so the approved steps are unknown' };
  const results = stepResults(job, steps);
  const ended = (name: string) => job.ends.find((one) => one.name === name)?.exitCode;
  if (ended(GATE) !== undefined && ended(GATE) !== 0)
    return {
      outcome: 'Failed',
      message: 'network isolation check failed; no step was started',
      steps: results,
    };
  // Only for a complete Job: if a Job failed, not all of its steps succeeded.
  if (job.podGone) return { outcome: 'Unknown', message: job.failure ?? 'its pod is gone', steps: results };
  const failed = results.find(({ exitCode }) => exitCode !== 0);
  if (failed)
    return {
      outcome: 'Failed',
      message:
        failed.exitCode === -1
          ? `step '${failed.name}' did not complete${job.failure ? `: ${job.failure}` : ''}`
          : `step '${failed.name}' ended with exit code ${failed.exitCode}`,
      steps: results,
    };
  if (ended(END) !== 0)
    return {
      outcome: 'Unknown',
      message: `sandbox exited before completing all steps${job.failure ? `: ${job.failure}` : ''}`,
      steps: results,
    };
  // The gateway refuses all requests of a pod that is being deleted. A step that continues may succeed without having changed anything.
  if (job.ending)
    return {
      outcome: 'Unknown',
      message: `its pod was terminated while it ran${job.failure ? `: ${job.failure}` : ''}`,
      steps: results,
    };
  if (report && report.unknown.length > 0)
    return { outcome: 'Unknown', message: `the outcome of ${count(report.unknown.length, 'effect')} is unknown`, steps: results };
  if (report && report.consumed.length < effects)
    return {
      outcome: 'Failed',
      message: `only ${report.consumed.length} of ${effects} approved effects were carried out${inBrackets(report)}`,
      steps: results,
    };
  return { outcome: 'Succeeded', message: 'every step succeeded', steps: results };
}

/** The outcome of a stage whose pod the gateway did not serve, so that its steps could not change anything. Undefined if it was served. */
export function unservedOutcome(
  job: JobView | undefined,
  steps: readonly string[] | undefined,
  { notServed }: Pick<RunReport, 'notServed'>,
): Pick<StageStatus, 'outcome' | 'message' | 'steps'> | undefined {
  if (!notServed) return undefined;
  const message = cut(`refused by the gateway (${notServed.code}): ${notServed.why}`, MESSAGE_MAX);
  return { outcome: 'Failed', message, steps: stepResults(job, steps ?? []) };
}

/** The outcome of a verification whose success the gateway saw, even if its Job and pod were deleted since. Undefined if it did not see it. */
export function verifiedOutcome(
  job: JobView | undefined,
  steps: readonly string[] | undefined,
  { verified }: Pick<RunReport, 'verified'>,
): Pick<StageStatus, 'outcome' | 'message' | 'steps'> | undefined {
  if (!verified || !steps?.length) return undefined;
  return { outcome: 'Succeeded', message: 'every step succeeded', ...(job ? { steps: stepResults(job, steps) } : {}) };
}

/** Why approved effects were refused, as reported by the gateway; undefined if none was. */
export function refusalsOf({ refused = [] }: Pick<RunReport, 'refused'>): string | undefined {
  const first = refused.slice(0, NAMED).map(({ why }) => cut(why, REFUSAL_MAX));
  const more = refused.length > NAMED ? [`and ${refused.length - NAMED} more`] : [];
  return refused.length === 0 ? undefined : [...first, ...more].join('; ');
}

function inBrackets(report: RunReport): string {
  const refusals = refusalsOf(report);
  return refusals === undefined ? '' : ` (${refusals})`;
}

function stepResults(job: JobView | undefined, steps: readonly string[]): NonNullable<StageStatus['steps']> {
  return steps.map((name) => {
    const found = job?.ends.find((one) => one.name === stepContainer(name));
    const restarts = job?.restarts[stepContainer(name)] ?? 0;
    return {
      name,
      exitCode: found ? Math.max(-1, Math.min(255, found.exitCode)) : -1,
      ...(found?.reason === undefined ? {} : { reason: found.reason }),
      ...(restarts > 0 ? { restarts } : {}),
    };
  });
}

/**
 * Says which steps the kubelet executed more than once; undefined if there is no such step. It starts no container of a sandbox pod again
 * (restartPolicy: Never), but may lose sight of one that has ended and execute it a second time (kubernetes/kubernetes issue 83705).
 */
export function reexecutionOf({ steps }: Pick<StageStatus, 'steps'>): string | undefined {
  const again = reexecuted(steps).map(({ name, restarts }) => `step '${name}' ${restarts + 1} times`);
  return again.length === 0 ? undefined : `the kubelet executed ${again.join(', ')}`;
}

/** Names the step whose container the kubelet lost, so that its outcome is unknown; undefined if there is no such step. */
export function lossOf({ steps = [] }: Pick<StageStatus, 'steps'>): string | undefined {
  const lost = steps.find(({ reason }) => reason === 'ContainerStatusUnknown');
  return lost && `the kubelet lost the container of step '${lost.name}'`;
}

/** The steps that were executed more than once, for an audit record: NAME=EXECUTIONS, separated by commas. */
export const reexecutionDetail = ({ steps }: Pick<StageStatus, 'steps'>): string | undefined =>
  reexecuted(steps)
    .map(({ name, restarts }) => `${name}=${restarts + 1}`)
    .join(',') || undefined;

const reexecuted = (steps: StageStatus['steps'] = []) =>
  steps.flatMap(({ name, restarts = 0 }) => (restarts > 0 ? [{ name, restarts }] : []));

/**
 * The outcome of a stage, adjusted if a step was executed more than once. In a rehearsal each step must be executed once, because a repeated
 * step sees its own first writes. The outcome of a run or a verification does not change, but the message mentions it.
 */
export function withReexecution<T extends Pick<StageStatus, 'outcome' | 'message' | 'steps'>>(stage: Stage, ended: T): T {
  const again = reexecutionOf(ended);
  if (again === undefined) return ended;
  if (stage === 'rehearsal') return { ...ended, outcome: 'Unknown', message: `a rehearsal executes each step once; ${again}` };
  return { ...ended, message: `${cut(ended.message ?? '', MESSAGE_MAX - again.length - 2)}; ${again}` };
}

/** The exit codes of a container that was terminated or killed. */
const KILLED: ReadonlySet<number> = new Set([137, 143]);

/**
 * The outcome of a stage that was cancelled before the gateway recorded its success: outcomes of steps that failed by themselves are kept. A
 * success of which the gateway has no record came after the cancellation.
 */
export function withCancellation<T extends Pick<StageStatus, 'outcome' | 'message' | 'steps'>>(cancelled: boolean, ended: T): T {
  if (!cancelled || !['Failed', 'Unknown', 'Succeeded'].includes(ended.outcome ?? '')) return ended;
  const own = ended.steps?.some(({ exitCode }) => exitCode > 0 && !KILLED.has(exitCode));
  return own ? ended : { ...ended, outcome: 'Cancelled', message: 'it was cancelled before it had ended' };
}
