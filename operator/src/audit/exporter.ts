import { createHash } from 'node:crypto';
import type { AgentAction, AuditRecord } from '@sentinel/crds';
import { successStates } from '@sentinel/crds';
import { type EventRecorder, keyOf, type Logger, referenceTo, WorkQueue } from '@sentinel/kube';
import { stateOf } from '../status/conditions.ts';
import type { OtlpSink } from './otlp.ts';
import { spansOf } from './spans.ts';

export interface ExporterOptions {
  readonly sink: OtlpSink | undefined;
  readonly events: EventRecorder;
  readonly logger: Logger;
  readonly read: (key: string) => AgentAction | undefined;
  /** Called when a sink acknowledged something: the reconciler moves the cursor. */
  readonly onAcknowledged: (key: string) => void;
}

/**
 * Sends the records of the outboxes: over OTLP, with the sink's own acknowledgement, and as one Event each. Runs in the leader.
 * What was acknowledged is remembered here and stored by the reconciler; after a restart at worst something is sent twice, with
 * the same id. An Event that can't be written is never a reason to stop: Events are a view.
 */
export class Exporter {
  readonly #options: ExporterOptions;
  readonly #queue = new WorkQueue<string>({ name: 'audit-export', limiter: { baseMs: 200, maxMs: 30_000 } });
  readonly #acknowledged = new Map<string, { uid: string; sequence: number; event: number; traced: boolean }>();

  constructor(options: ExporterOptions) {
    this.#options = options;
  }

  /** Tells that an action may have new records. */
  enqueue(key: string): void {
    this.#queue.add(key);
  }

  /** The sequence up to which the sink (without one: the Events) has the records, so that they may make room. */
  acknowledged(action: AgentAction): number {
    const known = this.#acknowledged.get(keyOf(action));
    const stored = action.status?.outbox?.exported ?? 0;
    return known && known.uid === action.metadata.uid ? Math.max(known.sequence, stored) : stored;
  }

  /** What the sink that is set has of the trail by its own acknowledgement; undefined without a sink. Events are no audit trail. */
  sink(action: AgentAction): SinkCursor | undefined {
    const { sink } = this.#options;
    if (sink === undefined) return undefined;
    const stored = storedCursor(action, sink.id);
    const known = this.#acknowledged.get(keyOf(action));
    const told = known && known.uid === action.metadata.uid ? known.sequence : 0;
    const acknowledged = Math.max(told, stored?.acknowledged ?? 0);
    const since = stored?.since ?? action.status?.outbox?.records[0]?.sequence ?? 1;
    return { id: sink.id, since, acknowledged };
  }

  forget(key: string): void {
    this.#acknowledged.delete(key);
  }

  /** Sends until the signal aborts. */
  async start(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.#queue.shutDown(), { once: true });
    for (let key = await this.#queue.get(); key !== undefined; key = await this.#queue.get()) {
      await this.#export(key);
      this.#queue.done(key);
    }
  }

  async #export(key: string): Promise<void> {
    const action = this.#options.read(key);
    const outbox = action?.status?.outbox;
    if (!action || !outbox) return;
    const known = this.#knownFor(key, action);
    await this.#writeEvents(action, outbox.records, known);
    const fresh = outbox.records.filter(({ sequence }) => sequence > known.sequence);
    try {
      if (fresh.length > 0) await this.#options.sink?.sendRecords(action, fresh);
      known.sequence = fresh.at(-1)?.sequence ?? known.sequence;
      if (action.status?.finishedAt !== undefined && !known.traced) {
        await this.#options.sink?.sendSpans(spansOf(action));
        known.traced = true;
      }
      this.#queue.forget(key);
      const told = Math.min(outbox.exported, this.#options.sink ? (outbox.sink?.acknowledged ?? 0) : outbox.exported);
      if (action.status?.finishedAt !== undefined && told < outbox.sequence) this.#options.onAcknowledged(key);
    } catch (error) {
      this.#options.logger.warn('Failed to export audit records', { key, error: String(error) });
      this.#queue.addRateLimited(key);
    }
  }

  // What one sink acknowledged says nothing of another: a new one gets all that is there.
  #knownFor(key: string, action: AgentAction) {
    const uid = action.metadata.uid ?? '';
    const held = this.#acknowledged.get(key);
    if (held?.uid === uid) return held;
    const { exported = 0, sequence } = action.status?.outbox ?? {};
    const { sink } = this.#options;
    const sent = sink ? (storedCursor(action, sink.id)?.acknowledged ?? 0) : exported;
    const traced = action.status?.finishedAt !== undefined && sent === sequence;
    const fresh = { uid, sequence: sent, event: exported, traced };
    this.#acknowledged.set(key, fresh);
    return fresh;
  }

  async #writeEvents(action: AgentAction, records: readonly AuditRecord[], known: { event: number }): Promise<void> {
    for (const record of records.filter(({ sequence }) => sequence > known.event)) {
      const bad = record.transition === 'Ended' && !successStates.has(stateOf(action.status));
      const outcome = await this.#options.events.record({
        name: eventName(action, record),
        namespace: action.metadata.namespace ?? 'default',
        regarding: referenceTo(action),
        type: bad ? 'Warning' : 'Normal',
        reason: record.transition,
        action: record.transition,
        note: `${record.summary} [record ${record.sequence} ${record.hash.slice(7, 19)}]`,
      });
      if (!outcome.ok)
        this.#options.logger.warn('Failed to write Event', { record: record.sequence, error: String(outcome.error) });
      known.event = record.sequence;
    }
  }
}

/** What a sink has of the trail of an action. */
export type SinkCursor = NonNullable<NonNullable<NonNullable<AgentAction['status']>['outbox']>['sink']>;

const storedCursor = ({ status }: AgentAction, id: string): SinkCursor | undefined =>
  status?.outbox?.sink?.id === id ? status.outbox.sink : undefined;

/** The name of the Event of a record: the same however often it is written. */
export function eventName(action: AgentAction, record: AuditRecord): string {
  return `${action.metadata.name}.${createHash('sha256').update(record.hash).digest('hex').slice(0, 16)}`;
}
