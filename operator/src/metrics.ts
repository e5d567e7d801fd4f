import { type AgentAction, finalStates, type PlaybookStatus, type State } from '@sentinel/crds';
import { Counter, type Delta, Gauge, Histogram, registry, showGauge } from '@sentinel/kube';
import { type Refusal, ruleLabel } from '@sentinel/policy';
import { stateOf } from './status/conditions.ts';

/** The metrics about all actions at one moment. Durations are in seconds. */
export interface ActionSummary {
  /** By state. States without an action are left out. */
  readonly states: ReadonlyMap<State, number>;
  readonly unknownEffects: number;
  /** The waiting time of the plan that has waited longest for approval. */
  readonly oldestWaiting: number;
  /** Audit records that the sink (without one: the Events) does not have yet, as the status says. */
  readonly recordsNotExported: number;
  /** The age of the oldest of these. */
  readonly exportLag: number;
}

/**
 * Sums all actions up. `now` is in milliseconds since the epoch. `acknowledged` tells the last record of an action that the sink has: only
 * the process that exports knows. Without it, what is late is seen of actions that have ended alone, from their status.
 */
export function summarizeActions(
  actions: readonly AgentAction[],
  now: number,
  acknowledged?: (action: AgentAction) => number,
): ActionSummary {
  const states = new Map<State, number>();
  let [unknownEffects, oldestWaiting, recordsNotExported, exportLag] = [0, 0, 0, 0];
  const age = (time: string) => Math.max(0, (now - Date.parse(time)) / 1000);
  for (const action of actions) {
    const { status } = action;
    const state = stateOf(status);
    states.set(state, (states.get(state) ?? 0) + 1);
    unknownEffects += status?.unknownEffects?.length ?? 0;
    const since = waitingSince(status);
    if (since !== undefined) oldestWaiting = Math.max(oldestWaiting, age(since));
    const { exported: stored = 0, records = [] } = status?.outbox ?? {};
    // The cursor in the status of an action that goes on rides on its next transition: only an end says that something is late.
    if (acknowledged === undefined && status?.finishedAt === undefined) continue;
    const exported = acknowledged?.(action) ?? stored;
    for (const { sequence, time } of records) {
      if (sequence <= exported) continue;
      recordsNotExported += 1;
      exportLag = Math.max(exportLag, age(time));
    }
  }
  return { states, unknownEffects, oldestWaiting, recordsNotExported, exportLag };
}

/** Since when a plan waits for people; undefined when none does. */
function waitingSince(status: AgentAction['status']): string | undefined {
  if (stateOf(status) !== 'AwaitingApproval') return undefined;
  return status?.conditions?.find(({ type, status: value }) => type === 'Rehearsed' && value === 'True')?.lastTransitionTime;
}

/** How long people took to decide on a plan, in seconds, if this change is such a decision; otherwise undefined. */
export function decisionTime({ type, object, old }: Delta<AgentAction>, now: number): number | undefined {
  if (type !== 'update' || old === undefined) return undefined;
  const since = waitingSince(old.status);
  if (since === undefined || stateOf(object.status) === 'AwaitingApproval') return undefined;
  return Math.max(0, (now - Date.parse(since)) / 1000);
}

const registers = [registry];
const decisions = new Histogram({
  name: 'sentinel_decision_duration_seconds',
  help: 'How long a plan waited for people until it left the state AwaitingApproval.',
  buckets: [10, 30, 60, 300, 900, 1_800, 3_600, 4 * 3_600, 24 * 3_600],
  registers,
});

const ended = new Counter({
  name: 'sentinel_actions_ended_total',
  help: 'AgentActions that ended, by the state in which they ended.',
  labelNames: ['state'] as const,
  registers,
});
const evidence = new Counter({
  name: 'sentinel_operator_evidence_total',
  help: 'Stages whose logs and results were stored in the evidence store (Stored), without a log that could not be read (Partial), or were not (Missing).',
  labelNames: ['outcome'] as const,
  registers,
});

/** Counts the evidence of a stage. */
export const noteEvidence = (outcome: 'Stored' | 'Partial' | 'Missing'): void => evidence.inc({ outcome });

const refusals = new Counter({
  name: 'sentinel_operator_policy_refusals_total',
  help: 'What policies refused after the action was created, by rule: one for each rule that the action or its plan breaks.',
  labelNames: ['rule'] as const,
  registers,
});
const exports = new Counter({
  name: 'sentinel_audit_exports_total',
  help: 'Requests to the sink of the audit trail, by signal (logs: records; traces: spans) and outcome.',
  labelNames: ['signal', 'outcome'] as const,
  registers,
});
const altered = new Gauge({
  name: 'sentinel_guards_altered',
  help: 'Guards of real runs that are missing or differ from this version, by the leader. While there is one, nothing starts.',
  registers,
});
// A replica that does not check the guards must not report 0.
altered.remove();
// These series exist from the start: for Prometheus the first sample of a series is not an increase, even if it is 1.
for (const state of finalStates) ended.inc({ state }, 0);
for (const outcome of ['Stored', 'Missing'] as const) evidence.inc({ outcome }, 0);
for (const signal of ['logs', 'traces'] as const)
  for (const outcome of ['Acknowledged', 'Failed'] as const) exports.inc({ signal, outcome }, 0);

const missed = new Counter({
  name: 'sentinel_schedule_times_missed_total',
  help: 'Times at which a schedule that ran filed no action.',
  registers,
});

/** Counts the times that a schedule missed, from what its status said before and says now. */
export function noteMissed(before: PlaybookStatus | undefined, after: PlaybookStatus): void {
  missed.inc(Math.max(0, (after.schedule?.missed ?? 0) - (before?.schedule?.missed ?? 0)));
}

const STATUSES = ['True', 'False', 'Unknown'];

/** Updates the number of schedules by health whenever metrics are read. */
export function observeSchedules(conditions: () => readonly PlaybookStatus[]): void {
  registry.removeSingleMetric('sentinel_schedules');
  new Gauge({
    name: 'sentinel_schedules',
    help: 'Playbooks with a schedule, by the status of their condition Healthy (Unknown before the first action has ended) and of Scheduled.',
    labelNames: ['healthy', 'scheduled'] as const,
    registers,
    collect() {
      this.reset();
      // All series exist from the start: the first schedule that is not healthy must be an increase.
      for (const healthy of STATUSES) for (const scheduled of STATUSES) this.set({ healthy, scheduled }, 0);
      for (const status of conditions()) {
        const of = (type: string) => status.conditions?.find((condition) => condition.type === type)?.status ?? 'Unknown';
        this.inc({ healthy: of('Healthy'), scheduled: of('Scheduled') });
      }
    },
  });
}

/** Notes how many guards are missing or altered; undefined when this process does not look at them. */
export function noteAlteredGuards(count: number | undefined): void {
  if (count === undefined) altered.remove();
  else altered.set(count);
}

/** Counts a request to the sink of the audit trail. */
export function noteExport(signal: 'logs' | 'traces', outcome: 'Acknowledged' | 'Failed'): void {
  exports.inc({ signal, outcome });
}

/** Counts what policies refuse. */
export function noteRefusals(refused: readonly Pick<Refusal, 'rule'>[]): void {
  for (const refusal of refused) refusals.inc({ rule: ruleLabel(refusal) });
}

/** Counts an action that has ended, if this change of it says so. */
export function observeEnd({ type, object, old }: Delta<AgentAction>): void {
  if (type !== 'update' || old === undefined || old.status?.finishedAt !== undefined) return;
  if (object.status?.finishedAt !== undefined) ended.inc({ state: stateOf(object.status) });
}

/** Notes how long people took, where a change of an action says so. */
export function observeDecision(delta: Delta<AgentAction>, now: number): void {
  const seconds = decisionTime(delta, now);
  if (seconds !== undefined) decisions.observe(seconds);
}

/** Updates the gauges with `summarize` whenever metrics are read. */
export function observeActions(summarize: () => ActionSummary): void {
  registry.removeSingleMetric('sentinel_actions');
  new Gauge({
    name: 'sentinel_actions',
    help: 'AgentActions by state (the reason of their condition Succeeded).',
    labelNames: ['state'] as const,
    registers,
    collect() {
      this.reset();
      for (const [state, count] of summarize().states) this.set({ state }, count);
    },
  });
  showGauge('sentinel_unknown_effects', 'Effects of real runs whose outcome is not known.', () => summarize().unknownEffects);
  showGauge(
    'sentinel_decision_oldest_waiting_seconds',
    'How long the plan that has waited longest for people has waited.',
    () => summarize().oldestWaiting,
  );
  showGauge(
    'sentinel_audit_records_not_exported',
    'Audit records of ended actions that the sink has not acknowledged.',
    () => summarize().recordsNotExported,
  );
  showGauge('sentinel_audit_export_lag_seconds', 'The age of the oldest of these records.', () => summarize().exportLag);
}
