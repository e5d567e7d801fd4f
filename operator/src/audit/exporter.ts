import { createHash } from 'node:crypto';
import type { AgentAction, AuditRecord } from '@sentinel/crds';
import { successStates } from '@sentinel/crds';
import { byNamespace, type EventRecorder, keyOf, LeadershipLostError, type Logger, referenceTo, WorkQueue } from '@sentinel/kube';
import { stateOf } from '../status/conditions.ts';
import { outboxRoom, ROOM_TO_END } from '../status/record.ts';
import { chainOf, type OtlpSink } from './otlp.ts';
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
 * Sends the records of the outboxes: over OTLP, with acknowledgement by the sink, and as one Event each. Runs in the leader. The exporter
 * remembers what was acknowledged and the reconciler stores it; after a restart some records may be sent again, with the same id. An Event that
 * cannot be written never stops the export, because Events are not the audit trail.
 */
export class Exporter {
  readonly #options: ExporterOptions;
  readonly #queue = new WorkQueue<string>({
    name: 'audit-export',
    limiter: { baseMs: 200, maxMs: 30_000 },
    grouping: byNamespace(),
  });
  readonly #acknowledged = new Map<string, { uid: string; sequence: number; event: number; traced: boolean }>();

  constructor(options: ExporterOptions) {
    this.#options = options;
  }

  /** Notifies the exporter that an action may have new records. */
  enqueue(key: string): void {
    this.#queue.add(key);
  }

  /** The sequence number up to which the sink (without a sink: the Events) has the records, so that they may be removed from the outbox. */
  acknowledged(action: AgentAction): number {
    const known = this.#acknowledged.get(keyOf(action));
    const stored = action.status?.outbox?.exported ?? 0;
    return known && known.uid === action.metadata.uid ? Math.max(known.sequence, stored) : stored;
  }

  /** What the configured sink has acknowledged of the trail; undefined without a sink. Events are not an audit trail. */
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

  /** Sends until the signal aborts. Requests in progress are finished then, unless another process is the leader. */
  async start(signal: AbortSignal): Promise<void> {
    const lost = new AbortController();
    const stop = () => {
      this.#queue.shutDown();
      if (signal.reason instanceof LeadershipLostError) lost.abort(signal.reason);
    };
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
    for (let key = await this.#queue.get(); key !== undefined; key = await this.#queue.get()) {
      await this.#export(key, lost.signal);
      this.#queue.done(key);
    }
  }

  async #export(key: string, signal: AbortSignal): Promise<void> {
    const action = this.#options.read(key);
    const outbox = action?.status?.outbox;
    if (!action || !outbox) return;
    const known = this.#knownFor(key, action);
    await this.#writeEvents(action, outbox.records, known, signal);
    const fresh = outbox.records.filter(({ sequence }) => sequence > known.sequence);
    try {
      if (fresh.length > 0) await this.#options.sink?.sendRecords(chainOf(action), fresh, signal);
      known.sequence = fresh.at(-1)?.sequence ?? known.sequence;
      if (action.status?.finishedAt !== undefined && !known.traced) {
        await this.#options.sink?.sendSpans(spansOf(action), signal);
        known.traced = true;
      }
      this.#queue.forget(key);
      const told = Math.min(outbox.exported, this.#options.sink ? (outbox.sink?.acknowledged ?? 0) : outbox.exported);
      if (told < outbox.sequence && (action.status?.finishedAt !== undefined || waitsForSink(action)))
        this.#options.onAcknowledged(key);
    } catch (error) {
      this.#options.logger.warn('Failed to export audit records', { key, error: String(error) });
      this.#queue.addRateLimited(key);
    }
  }

  // The acknowledgement of one sink does not count for another one: a new sink gets all remaining records.
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

  async #writeEvents(
    action: AgentAction,
    records: readonly AuditRecord[],
    known: { event: number },
    signal: AbortSignal,
  ): Promise<void> {
    for (const record of records.filter(({ sequence }) => sequence > known.event)) {
      if (signal.aborted) return;
      // Failures, and states in which only a person can continue.
      const bad =
        record.transition === 'OutcomeUnknown' || (record.transition === 'Ended' && !successStates.has(stateOf(action.status)));
      const outcome = await this.#options.events.record(
        {
          name: eventName(action, record),
          namespace: action.metadata.namespace ?? 'default',
          regarding: referenceTo(action),
          type: bad ? 'Warning' : 'Normal',
          reason: record.transition,
          action: record.transition,
          note: `${record.summary} [record ${record.sequence} ${record.hash.slice(7, 19)}]`,
        },
        signal,
      );
      if (!outcome.ok)
        this.#options.logger.warn('Failed to write Event', { record: record.sequence, error: String(outcome.error) });
      known.event = record.sequence;
    }
  }
}

// If an action waits only for the sink, this continues it at once, without polling.
const waitsForSink = ({ status }: AgentAction): boolean => stateOf(status) === 'Starting' || outboxRoom(status) < ROOM_TO_END;

/** What a sink has of the trail of an action. */
export type SinkCursor = NonNullable<NonNullable<NonNullable<AgentAction['status']>['outbox']>['sink']>;

const storedCursor = ({ status }: AgentAction, id: string): SinkCursor | undefined =>
  status?.outbox?.sink?.id === id ? status.outbox.sink : undefined;

/** The name of the Event of a record: the same for each attempt to write it. */
export function eventName(action: AgentAction, record: AuditRecord): string {
  return `${action.metadata.name}.${createHash('sha256').update(record.hash).digest('hex').slice(0, 16)}`;
}
