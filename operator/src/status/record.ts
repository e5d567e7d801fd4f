import { type AgentAction, chainRecord, EVIDENCE_DETAIL, GENESIS, type Transition } from '@sentinel/crds';
import { storedSize } from '@sentinel/kube';
import { STATEMENT_DETAIL } from '@sentinel/policy';
import type { Draft } from './conditions.ts';
import { cut } from './text.ts';

/** Most records that an object keeps. */
export const OUTBOX_MAX = 64;
/** Room that is reserved for the records of a run, its verification, its rollback and its end, for any earlier acts of people or agents. */
export const ROOM_TO_END = 12;
/** Most bytes of records that nobody has acknowledged, as they are stored. */
const OUTBOX_BYTES = 256 * 1024;
/** What one record of the end of an action can have at most. */
const RECORD_BYTES = OUTBOX_BYTES / OUTBOX_MAX;

/** A transition for the audit trail. */
export interface Entry {
  readonly transition: Transition;
  readonly actor: string;
  readonly summary: string;
  readonly plan?: string | undefined;
  readonly job?: string | undefined;
  readonly details?: Readonly<Record<string, string | undefined>>;
  /** The statement of the gateway about it, sealed with its own key. It is never cut, because a part of it cannot be verified. */
  readonly statement?: string | undefined;
}

/**
 * Appends a record to the outbox of a status. It is stored by the same write as the transition itself, so a crash cannot separate them. A record
 * that would take room that later records need is shortened.
 */
export function record(draft: Draft, action: AgentAction, entry: Entry, now: number): void {
  const outbox = draft.outbox ?? { sequence: 0, head: GENESIS, exported: 0, records: [] };
  const last = outbox.sequence === 0 ? undefined : { sequence: outbox.sequence, hash: outbox.head };
  const whole = chainRecord(last, tell(action, entry, now, { summary: 1024, detail: 1024 }));
  const isLong = storedSize(whole) > RECORD_BYTES;
  const room = bytesRoom(outbox) - storedSize(whole);
  const next =
    isLong && room < ROOM_TO_END * RECORD_BYTES
      ? chainRecord(last, tell(action, { ...entry, details: { ...SHORT, ...entry.details } }, now, { summary: 256, detail: 64 }))
      : whole;
  // Acknowledged records are removed, the oldest first; a record that was not acknowledged is never dropped.
  const records = [...outbox.records, next];
  while (records.length > OUTBOX_MAX && (records[0]?.sequence ?? Number.POSITIVE_INFINITY) <= outbox.exported) records.shift();
  draft.outbox = { ...outbox, sequence: next.sequence, head: next.hash, records };
}

const SHORT = { 'sentinel.record.shortened': 'true' };

/** Details of which a part has no use. The caller bounds them. */
const WHOLE: ReadonlySet<string> = new Set([EVIDENCE_DETAIL]);

function tell(action: AgentAction, entry: Entry, now: number, most: { readonly summary: number; readonly detail: number }) {
  const others = Object.entries(entry.details ?? {}).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [{ name, value: WHOLE.has(name) ? value : cut(value, most.detail) }],
  );
  const details = [...statedIn(entry.statement), ...others];
  return {
    time: new Date(now).toISOString(),
    transition: entry.transition,
    actor: cut(entry.actor, 512),
    summary: cut(entry.summary, most.summary),
    action: action.metadata.uid ?? '',
    ...(entry.plan === undefined ? {} : { plan: entry.plan }),
    ...(entry.job === undefined ? {} : { job: entry.job }),
    ...(details.length === 0 ? {} : { details: details.slice(0, 20) }),
  };
}

const statedIn = (statement: string | undefined) =>
  statement === undefined ? [] : [{ name: STATEMENT_DETAIL, value: statement }];

/** Adds details to the last record, which is not stored yet. Throws if there is none. */
export function addToLast(draft: Draft, stored: Draft | undefined, details: Readonly<Record<string, string>>): void {
  const { outbox } = draft;
  const last = outbox?.records.at(-1);
  if (!outbox || !last || last.sequence <= (stored?.outbox?.sequence ?? 0)) throw new Error('the last record is stored already');
  const { sequence, previous, hash: _, ...entry } = last;
  const added = Object.entries(details).map(([name, value]) => ({ name, value }));
  const before = sequence === 1 ? undefined : { sequence: sequence - 1, hash: previous };
  const next = chainRecord(before, { ...entry, details: [...(entry.details ?? []), ...added].slice(-20) });
  draft.outbox = { ...outbox, head: next.hash, records: [...outbox.records.slice(0, -1), next] };
}

/** How many more records fit, by their number and by their size. */
export function outboxRoom(draft: Draft | undefined): number {
  const { records = [], exported = 0 } = draft?.outbox ?? {};
  const byNumber = OUTBOX_MAX - records.filter(({ sequence }) => sequence > exported).length;
  return Math.min(byNumber, Math.floor(bytesRoom({ records, exported }) / RECORD_BYTES));
}

function bytesRoom({ records, exported }: Pick<NonNullable<Draft['outbox']>, 'records' | 'exported'>): number {
  return records.reduce((room, record) => (record.sequence > exported ? room - storedSize(record) : room), OUTBOX_BYTES);
}
