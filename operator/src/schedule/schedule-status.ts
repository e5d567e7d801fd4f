import type { AgentAction, Playbook, PlaybookStatus } from '@sentinel/crds';
import { setCondition } from '@sentinel/kube';
import { runsSince } from '@sentinel/policy';
import type { ScheduleState } from './decide-schedule.ts';
import { healthOf, nextLook, observeSchedule } from './observe-schedule.ts';

/** The facts about the schedule of a Playbook, for its status. */
export interface ScheduleFindings {
  readonly playbook: Playbook;
  readonly schedule: ScheduleState;
  /** The actions that the schedule filed. */
  readonly actions: readonly AgentAction[];
  readonly now: Date;
}

/**
 * Adds the conditions Scheduled and Healthy and what came of the schedule; leaves them out without a schedule. `lookAt` is when there is more to
 * see, in milliseconds since the epoch.
 */
export function addSchedule(
  status: PlaybookStatus,
  { playbook, schedule, actions, now }: ScheduleFindings,
): { status: PlaybookStatus; lookAt: number | undefined } {
  const others = (status.conditions ?? []).filter(({ type }) => type !== 'Scheduled' && type !== 'Healthy');
  if (schedule.reason === 'NotScheduled') return { status: { ...status, conditions: others }, lookAt: undefined };
  const observedGeneration = playbook.metadata.generation;
  const scheduled = setCondition(status.conditions, { type: 'Scheduled', ...schedule, observedGeneration }, now);
  const history = { playbook, actions, runsSince: runsSince({ status: { conditions: scheduled } }), now: now.getTime() };
  const came = observeSchedule(history);
  const health = came && healthOf(came, actions);
  const conditions = health ? setCondition(scheduled, { type: 'Healthy', ...health, observedGeneration }, now) : scheduled;
  return { status: { ...status, conditions, ...(came ? { schedule: came } : {}) }, lookAt: nextLook(history) };
}
