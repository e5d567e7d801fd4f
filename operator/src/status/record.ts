import { type AgentAction, chainRecord, GENESIS, type Transition } from '@sentinel/crds';
import type { Draft } from './conditions.ts';
import { cut } from './text.ts';

/** Most records that an object keeps. */
export const OUTBOX_MAX = 64;
/** Room that is kept for the records of a run, its verification, its rollback and its end, whatever people or agents do before. */
export const ROOM_TO_END = 12;

/** A transition, told for the audit trail. */
export interface Entry {
  readonly transition: Transition;
  readonly actor: string;
  readonly summary: string;
  readonly plan?: string | undefined;
  readonly job?: string | undefined;
  readonly details?: Readonly<Record<string, string | undefined>>;
}

/** Appends a record to the outbox of a status. It is stored by the same write as the transition itself, so a crash loses neither. */
export function record(draft: Draft, action: AgentAction, entry: Entry, now: number): void {
  const outbox = draft.outbox ?? { sequence: 0, head: GENESIS, exported: 0, records: [] };
  const details = Object.entries(entry.details ?? {}).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [{ name, value: cut(value, 1024) }],
  );
  const last = outbox.sequence === 0 ? undefined : { sequence: outbox.sequence, hash: outbox.head };
  const next = chainRecord(last, {
    time: new Date(now).toISOString(),
    transition: entry.transition,
    actor: cut(entry.actor, 512),
    summary: cut(entry.summary, 1024),
    action: action.metadata.uid ?? '',
    ...(entry.plan === undefined ? {} : { plan: entry.plan }),
    ...(entry.job === undefined ? {} : { job: entry.job }),
    ...(details.length === 0 ? {} : { details: details.slice(0, 16) }),
  });
  // Acknowledged records make room, the oldest first; one that nobody has acknowledged is never dropped.
  const records = [...outbox.records, next];
  while (records.length > OUTBOX_MAX && (records[0]?.sequence ?? Number.POSITIVE_INFINITY) <= outbox.exported) records.shift();
  draft.outbox = { ...outbox, sequence: next.sequence, head: next.hash, records };
}

/** How many more records fit. */
export function outboxRoom(draft: Draft | undefined): number {
  const { records = [], exported = 0 } = draft?.outbox ?? {};
  return OUTBOX_MAX - records.filter(({ sequence }) => sequence > exported).length;
}
