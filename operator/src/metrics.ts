import type { AgentAction, State } from '@sentinel/crds';
import { type Delta, Gauge, Histogram, registry } from '@sentinel/kube';
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

/** Sums all actions up. `now` is in milliseconds since the epoch. */
export function summarizeActions(actions: readonly AgentAction[], now: number): ActionSummary {
  const states = new Map<State, number>();
  let [unknownEffects, oldestWaiting, recordsNotExported, exportLag] = [0, 0, 0, 0];
  const age = (time: string) => Math.max(0, (now - Date.parse(time)) / 1000);
  for (const { status } of actions) {
    const state = stateOf(status);
    states.set(state, (states.get(state) ?? 0) + 1);
    unknownEffects += status?.unknownEffects?.length ?? 0;
    const since = waitingSince(status);
    if (since !== undefined) oldestWaiting = Math.max(oldestWaiting, age(since));
    const { exported = 0, records = [] } = status?.outbox ?? {};
    // The cursor of a running action is stored with its next transition, so only ended actions show a late export.
    if (status?.finishedAt === undefined) continue;
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

/** Observes how long people took, if a change of an action is a decision. */
export function observeDecision(delta: Delta<AgentAction>, now: number): void {
  const seconds = decisionTime(delta, now);
  if (seconds !== undefined) decisions.observe(seconds);
}

/** Updates the gauges with `summarize` whenever metrics are read. */
export function observeActions(summarize: () => ActionSummary): void {
  const gauge = (name: string, help: string, value: (summary: ActionSummary) => number) => {
    registry.removeSingleMetric(name);
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value(summarize()));
      },
    });
  };
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
  gauge('sentinel_unknown_effects', 'Effects of real runs whose outcome is not known.', (of) => of.unknownEffects);
  gauge(
    'sentinel_decision_oldest_waiting_seconds',
    'How long the plan that has waited longest for people has waited.',
    (of) => of.oldestWaiting,
  );
  gauge(
    'sentinel_audit_records_not_exported',
    'Audit records of ended actions that the sink has not acknowledged.',
    (of) => of.recordsNotExported,
  );
  gauge('sentinel_audit_export_lag_seconds', 'The age of the oldest of these records.', (of) => of.exportLag);
}
