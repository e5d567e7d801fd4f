import { type Act, type ActKind, type AuditRecord, actResources } from '@sentinel/crds';
import {
  type AnyObject,
  type Clock,
  configmaps,
  type EventRecorder,
  type KubeClient,
  type KubeObject,
  LeadershipLostError,
  type Logger,
  type Result,
} from '@sentinel/kube';
import type { OtlpSink } from '../audit/otlp.ts';
import { journalKey, readJournal, removeEntries, trailKey } from './journal.ts';
import { type Confirmation, judgeAct } from './judge-act.ts';
import { type ActTrail, appendAct, appendRepeated, hasAct, hasEntry, readTrail, TRAIL_NAME, trailRoom } from './trail.ts';

/** Most transitions of one act. */
const ROOM_OF_ACT = 2;
const PENDING_RETRY_MS = 500;
/** How long reading an object is retried. */
const UNREADABLE_MS = 300_000;
const SINK_RETRY_MS = 5_000;

export interface ActRecorderOptions {
  readonly client: KubeClient;
  readonly sink: OtlpSink | undefined;
  readonly events: EventRecorder;
  readonly logger: Logger;
  readonly clock: Clock;
}

/**
 * Turns entries of the journal into records of the chain of acts, and sends them to the sink. A record is stored before its entry is removed
 * from the journal, so after a crash in between the act is neither lost nor recorded twice. Runs in the leader.
 */
export class ActRecorder {
  readonly #options: ActRecorderOptions;
  /** The acknowledged records, as known to this process; stored with the next record. After a restart some records may be sent again. */
  #exported = 0;

  constructor(options: ActRecorderOptions) {
    this.#options = options;
  }

  /** Processes the journal once. Sends nothing after the signal aborts. */
  async reconcile(signal: AbortSignal): Promise<Result> {
    const client = this.#options.client.until(signal);
    const journal = await client.get(configmaps, journalKey);
    const object = await client.get(configmaps, trailKey);
    if (!journal || !object)
      throw new Error("the ConfigMaps 'sentinel-acts' and 'sentinel-acts-trail' are missing; run `helm upgrade`");
    const before = readTrail(object.data as Record<string, string> | undefined);
    const begun = this.#withCursor(before);
    const { trail, settled, waiting } = await this.#settle(client, journal, object, begun);
    if (trail !== begun || begun.sink !== before.sink)
      await client.replace(configmaps, { ...object, data: { trail: JSON.stringify(trail) } });
    await removeEntries(client, settled);
    await this.#writeEvents(
      trail.records.filter(({ sequence }) => sequence > before.sequence),
      signal,
    );
    const sent = await this.#send(object, trail, signal);
    if (!sent) return { requeueAfterMs: SINK_RETRY_MS };
    return waiting ? { requeueAfterMs: PENDING_RETRY_MS } : undefined;
  }

  // The acknowledgement of one sink does not count for another one: a new sink gets all remaining records.
  #withCursor(stored: ActTrail): ActTrail {
    const { sink } = this.#options;
    const first = stored.records[0]?.sequence ?? stored.sequence + 1;
    const exported = sink !== undefined && stored.sink !== sink.id ? first - 1 : stored.exported;
    return {
      ...stored,
      exported: Math.max(exported, Math.min(this.#exported, stored.sequence)),
      ...(sink === undefined ? {} : { sink: sink.id }),
    };
  }

  async #settle(client: KubeClient, journal: AnyObject, { metadata }: AnyObject, before: ActTrail) {
    const { clock, logger } = this.#options;
    const settled: string[] = [];
    let trail = before;
    let waiting = false;
    let held = false;
    for (const { id, act } of readJournal(journal.data as Record<string, string> | undefined)) {
      if (!act) logger.warn('Removed an entry of the journal of acts that cannot be read', { id });
      const isRepeated = act !== undefined && hasAct(trail, id, act);
      if (!act || hasEntry(trail, id) || (isRepeated && !act.sealed)) {
        settled.push(id);
        continue;
      }
      const seen = isRepeated ? 'Applied' : await this.#judge(client, id, act);
      // Sealed acts are recorded in the order of their numbers: if one has to wait, later ones wait as well.
      if (seen === 'Pending' || trailRoom(trail) < ROOM_OF_ACT || (act.sealed && held)) {
        waiting = true;
        held ||= act.sealed !== undefined;
        continue;
      }
      const chain = metadata.uid ?? '';
      trail = isRepeated
        ? appendRepeated(trail, chain, id, act, clock.now())
        : appendAct(trail, chain, id, act, seen, clock.now());
      settled.push(id);
    }
    return { trail, settled, waiting };
  }

  // An act that cannot be confirmed now waits for some time, without delaying unsealed acts of others.
  async #judge(client: KubeClient, id: string, act: Act): Promise<Confirmation> {
    const { clock, logger } = this.#options;
    try {
      return judgeAct(act, await readObject(client, act), clock.now());
    } catch (error) {
      if (error instanceof LeadershipLostError) throw error;
      logger.warn('Failed to read the object of an act', { id, error: String(error) });
      return clock.now() - Date.parse(act.time) < UNREADABLE_MS ? 'Pending' : 'Unconfirmed';
    }
  }

  /** Sends the records that the sink does not have; returns whether it has all of them. Without a sink, only Events are written. */
  async #send({ metadata }: AnyObject, trail: ActTrail, signal: AbortSignal): Promise<boolean> {
    const { sink, logger } = this.#options;
    const fresh = trail.records.filter(({ sequence }) => sequence > trail.exported);
    try {
      if (fresh.length > 0) await sink?.sendRecords({ kind: 'Acts', name: TRAIL_NAME, uid: metadata.uid ?? '' }, fresh, signal);
      this.#exported = trail.sequence;
      return true;
    } catch (error) {
      logger.warn('Failed to export acts', { error: String(error) });
      return false;
    }
  }

  async #writeEvents(records: readonly AuditRecord[], signal: AbortSignal): Promise<void> {
    const { events, logger } = this.#options;
    for (const record of records) {
      if (record.transition === 'ActRepeated') continue;
      const of = (name: string) => record.details?.find((one) => one.name === name)?.value;
      const kind = of('sentinel.object.kind') as ActKind;
      const namespace = of('sentinel.object.namespace');
      const outcome = await events.record(
        {
          name: `${of('sentinel.object.name') ?? ''}.${record.hash.slice(7, 23)}`,
          namespace: namespace ?? 'default',
          regarding: {
            apiVersion: 'sentinel.dev/v1alpha1',
            kind,
            name: of('sentinel.object.name'),
            namespace,
            uid: of('sentinel.object.uid'),
          },
          type: record.transition === 'TrailIncomplete' ? 'Warning' : 'Normal',
          reason: record.transition,
          action: record.transition,
          note: `${record.summary} [record ${record.sequence} ${record.hash.slice(7, 19)}]`,
        },
        signal,
      );
      if (!outcome.ok) logger.warn('Failed to write Event', { record: record.sequence, error: String(outcome.error) });
    }
  }
}

const readObject = (client: KubeClient, { kind, namespace, name }: Act): Promise<KubeObject | null> =>
  client.get(actResources[kind], { name, ...(namespace === '' ? {} : { namespace }) });
