import type { AnyObject } from '@sentinel/kube';
import { END } from '@sentinel/policy';
import { z } from 'zod';
import type { ContainerEnd, JobView } from './facts.ts';

const Job = z.object({
  metadata: z.object({ uid: z.string() }),
  spec: z.object({ suspend: z.boolean().optional() }),
  status: z
    .object({
      conditions: z
        .array(z.object({ type: z.string(), status: z.string(), reason: z.string().optional(), message: z.string().optional() }))
        .optional(),
    })
    .optional(),
});

const State = z.object({ terminated: z.object({ exitCode: z.number(), reason: z.string().optional() }).optional() });
const Container = z.object({
  name: z.string(),
  restartCount: z.int().optional(),
  state: State.optional(),
  lastState: State.optional(),
});
const Pod = z.object({
  metadata: z.object({ name: z.string(), uid: z.string(), deletionTimestamp: z.string().optional() }),
  status: z
    .object({
      phase: z.string().optional(),
      reason: z.string().optional(),
      message: z.string().optional(),
      initContainerStatuses: z.array(Container).optional(),
      containerStatuses: z.array(Container).optional(),
    })
    .optional(),
});

// On a dead node the kubelet does not remove the pod, so its deletion does not finish. `deletionTimestamp` includes the grace period.
const LOST_AFTER_MS = 60_000;

// Complete says that the pod ended well, not that its steps did.
const POD_GONE = 'its pod was deleted before its outcome was recorded, so the outcome is unknown';

/**
 * Reads a sandbox Job and its pod at `now`. Containers that never ended have no entry, which must not be mistaken for success. A pod whose
 * deletion is overdue counts as ended; the gateway refuses pods that are being deleted, so a container that still runs cannot write.
 */
export function viewJob(job: AnyObject, pod: AnyObject | undefined, now: number): JobView {
  const { metadata, spec, status } = Job.parse(job);
  const failed = status?.conditions?.find(({ type, status: value }) => type === 'Failed' && value === 'True');
  const complete = status?.conditions?.some(({ type, status: value }) => type === 'Complete' && value === 'True') === true;
  const parsed = pod === undefined ? undefined : Pod.parse(pod);
  const phase = parsed?.status?.phase;
  const ends = parsed ? endsOf(parsed) : [];
  // The kubelet reports the phase seconds after the last container; a step that failed, or the end, says the same at once.
  const settled = ends.some(({ name, exitCode }) => name === END || exitCode !== 0);
  const deletedAt = parsed?.metadata.deletionTimestamp;
  const lostAt = deletedAt === undefined ? undefined : Date.parse(deletedAt) + LOST_AFTER_MS;
  const isLostPod = lostAt !== undefined && lostAt <= now;
  const over =
    settled ||
    isLostPod ||
    phase === 'Succeeded' ||
    phase === 'Failed' ||
    ((failed !== undefined || complete) && parsed === undefined);
  return {
    uid: metadata.uid,
    suspended: spec.suspend === true,
    phase: over ? 'Ended' : parsed ? 'Running' : 'Waiting',
    podName: parsed?.metadata.name,
    ...(complete && parsed === undefined ? { podGone: true } : {}),
    ending: deletedAt !== undefined,
    lostAt,
    ends,
    restarts: parsed ? restartsOf(parsed) : {},
    failure: failed
      ? `${failed.reason ?? 'Failed'}: ${failed.message ?? ''}`
      : parsed === undefined && complete
        ? POD_GONE
        : (parsed?.status?.message ?? parsed?.status?.reason),
  };
}

const containersOf = ({ status }: z.infer<typeof Pod>) => [
  ...(status?.initContainerStatuses ?? []),
  ...(status?.containerStatuses ?? []),
];

// restartPolicy is Never, so each of these was executed again by mistake. The kubelet also counts a restart when it finds no trace of a
// container that it saw running (convertToAPIContainerStatuses); that was not an execution.
function restartsOf(pod: z.infer<typeof Pod>): Record<string, number> {
  const again = containersOf(pod).flatMap(({ name, restartCount = 0, state, lastState }) => {
    const restarts = restartCount - (isLost(state) || isLost(lastState) ? 1 : 0);
    return restarts > 0 ? [[name, restarts] as const] : [];
  });
  return Object.fromEntries(again);
}

const isLost = (state: z.infer<typeof State> | undefined) => state?.terminated?.reason === 'ContainerStatusUnknown';

function endsOf(pod: z.infer<typeof Pod>): ContainerEnd[] {
  return containersOf(pod).flatMap(({ name, state }) =>
    state?.terminated ? [{ name, exitCode: state.terminated.exitCode, reason: state.terminated.reason }] : [],
  );
}
