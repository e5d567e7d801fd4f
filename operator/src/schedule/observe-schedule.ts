import {
  type AgentAction,
  type Playbook,
  type PlaybookStatus,
  type ScheduleSpec,
  type ScheduleStatus,
  successStates,
} from '@sentinel/crds';
import { dueBetween, dueOf, nextDue, timesOf } from '@sentinel/policy';
import { stateOf } from '../status/conditions.ts';
import { lastReport } from './last-report.ts';

/** The facts about what came of a schedule. */
export interface ScheduleHistory {
  readonly playbook: Playbook;
  /** The actions that the schedule filed, as far as they still exist. */
  readonly actions: readonly AgentAction[];
  /** Since when the CronJob runs; undefined if it does not. Times are in milliseconds since the epoch. */
  readonly runsSince: number | undefined;
  readonly now: number;
}

/** States that say nothing about health: people decided, or did not. */
const neutral: ReadonlySet<string> = new Set(['Rejected', 'Expired', 'Cancelled']);
/** The most times that are counted in one look. */
const TIMES_MAX = 1000;
/** Clocks differ, and a pod takes a moment to file. */
const GRACE_MS = 60_000;

/** What came of a schedule, for the status of its Playbook. */
export function observeSchedule({ playbook, actions, runsSince, now }: ScheduleHistory): ScheduleStatus | undefined {
  const { schedule } = playbook.spec;
  if (!schedule) return undefined;
  const before = playbook.status?.schedule ?? {};
  const latest = [...actions].sort((a, b) => dueOfAction(b) - dueOfAction(a))[0];
  const ends = endsSince(actions, before.streak?.lastEnded);
  const success = ends.findLast(({ outcome }) => outcome === 'Succeeded')?.at ?? before.lastSuccessTime;
  const streak = ends.reduce<ScheduleStatus['streak']>(
    (kept, { outcome, at }) => ({ outcome, count: kept?.outcome === outcome ? kept.count + 1 : 1, lastEnded: at }),
    before.streak,
  );
  const report = lastReport(actions, before.lastReport);
  const next = runsSince === undefined ? undefined : nextDue(timesOf(schedule, playbook), now);
  const times = timesSince({ playbook, runsSince, now });
  const dues = new Set(actions.map(dueOfAction));
  const missed = times.filter((due) => !dues.has(due));
  const lastMissed = missed[0] === undefined ? before.lastMissedTime : iso(missed[0]);
  // The time of a run, so that a schedule is not written between two of them.
  const observedUntil = times[0] === undefined ? before.observedUntil : iso(times[0]);
  return {
    ...(latest
      ? { lastRun: { action: latest.metadata.name, dueTime: iso(dueOfAction(latest)), state: stateOf(latest.status) } }
      : before.lastRun && { lastRun: before.lastRun }),
    ...(report ? { lastReport: report } : {}),
    ...(success === undefined ? {} : { lastSuccessTime: success }),
    ...(streak ? { streak } : {}),
    ...(next === undefined ? {} : { nextRunTime: iso(next) }),
    missed: (before.missed ?? 0) + missed.length,
    ...(lastMissed === undefined ? {} : { lastMissedTime: lastMissed }),
    ...(observedUntil === undefined ? {} : { observedUntil }),
  };
}

/** When there is something new to see in a schedule although no object changes: an action is due, or counts as missed. */
export function nextLook({ playbook, runsSince, now }: Omit<ScheduleHistory, 'actions'>): number | undefined {
  const { schedule } = playbook.spec;
  if (!schedule || runsSince === undefined) return undefined;
  const due = timesOf(schedule, playbook);
  const pending = dueBetween(due, lookedUntil(playbook, runsSince), now, TIMES_MAX).at(-1);
  const times = [nextDue(due, now), pending === undefined ? undefined : pending + patienceOf(schedule)].filter(
    (time) => time !== undefined,
  );
  return times.length === 0 ? undefined : Math.min(...times);
}

/**
 * Whether the last action that counts ended as asked for and reports nothing critical: the condition Healthy; undefined before the first one has
 * ended.
 */
export function healthOf(
  { streak, lastReport: report }: ScheduleStatus,
  actions: readonly AgentAction[],
): { status: 'True' | 'False'; reason: 'Healthy' | 'Unhealthy'; message: string } | undefined {
  if (!streak) return undefined;
  const last = actions.find(({ status }) => status?.finishedAt === streak.lastEnded);
  if (streak.outcome === 'Succeeded' && report?.time === streak.lastEnded && report.conclusion === 'Critical')
    return { status: 'False', reason: 'Unhealthy', message: criticalWords(report).slice(0, 2048) };
  const name = last ? `'${last.metadata.name}'` : 'The last action';
  if (streak.outcome === 'Succeeded')
    return { status: 'True', reason: 'Healthy', message: 'The last action of the schedule ended as asked for.' };
  const message = last?.status?.conditions?.find(({ type }) => type === 'Succeeded')?.message;
  const how = message === undefined ? '' : ` (${stateOf(last?.status)}): ${message}`;
  return { status: 'False', reason: 'Unhealthy', message: `${name} failed${how}`.slice(0, 2048) };
}

function criticalWords({ action, counts, finding }: NonNullable<ScheduleStatus['lastReport']>): string {
  const { critical = 0 } = counts ?? {};
  const how = `${critical} critical ${critical === 1 ? 'finding' : 'findings'}`;
  return `'${action}' reports ${how}${finding === undefined ? '' : `, first: ${finding}`}`;
}

/** Whether a condition is another one than before, so that people are told. */
export const healthChanged = (before: PlaybookStatus | undefined, after: PlaybookStatus): boolean => {
  const of = (status: PlaybookStatus | undefined) => status?.conditions?.find(({ type }) => type === 'Healthy')?.status;
  // The first health that is good is no news.
  return of(after) !== of(before) && !(of(before) === undefined && of(after) === 'True');
};

interface End {
  readonly at: string;
  readonly outcome: 'Succeeded' | 'Failed';
}

function endsSince(actions: readonly AgentAction[], since: string | undefined): End[] {
  return actions
    .flatMap((action): End[] => {
      const at = action.status?.finishedAt;
      const state = stateOf(action.status);
      if (at === undefined || (since !== undefined && at <= since) || neutral.has(state) || wasSkipped(action)) return [];
      return [{ at, outcome: successStates.has(state) ? 'Succeeded' : 'Failed' }];
    })
    .sort((a, b) => (a.at < b.at ? -1 : 1));
}

// Its last record has the codes of the refusals.
const wasSkipped = ({ status }: AgentAction): boolean =>
  status?.outbox?.records.some(({ details }) =>
    details?.some(({ name, value }) => name === 'sentinel.refusal.codes' && value.split(',').includes('ScheduleOverlap')),
  ) === true;

// The times that were due for good since the last look, the latest first.
function timesSince({ playbook, runsSince, now }: Omit<ScheduleHistory, 'actions'>): number[] {
  const { schedule } = playbook.spec;
  if (!schedule || runsSince === undefined) return [];
  return dueBetween(timesOf(schedule, playbook), lookedUntil(playbook, runsSince), now - patienceOf(schedule), TIMES_MAX);
}

const lookedUntil = ({ status }: Playbook, runsSince: number): number =>
  Math.max(runsSince - 1, Date.parse(status?.schedule?.observedUntil ?? '') || 0);

// Until then an action may still be filed.
const patienceOf = ({ startingDeadlineSeconds }: ScheduleSpec): number => startingDeadlineSeconds * 1000 + GRACE_MS;

const dueOfAction = ({ metadata }: AgentAction): number => dueOf(metadata.name) ?? 0;

const iso = (time: number) => new Date(time).toISOString();
