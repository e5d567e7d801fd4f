import {
  ACT_CONFIRMED_DETAIL,
  ACT_SEAL_DETAIL,
  ACTS_TRAIL,
  type Act,
  type ActTransition,
  type AuditEntry,
  AuditRecord,
  actorOfAct,
  canonicalize,
  chainRecord,
  factsOfAct,
  GENESIS,
  type JournaledAct,
} from '@sentinel/crds';
import { z } from 'zod';
import { cut } from '../status/text.ts';
import type { Confirmation } from './judge-act.ts';

/** The records that are kept in the cluster: all that the sink does not have, and the newest of the others. */
export const TRAIL_MAX = 64;

const Stored = z.object({
  sequence: z.number().int(),
  head: z.string(),
  exported: z.number().int(),
  /** The sink that `exported` is about; left out without a sink. */
  sink: z.string().optional(),
  records: z.array(AuditRecord),
});

/** The chain of acts, which corresponds to the outbox of an action. */
export type ActTrail = z.infer<typeof Stored>;

/** Reads the chain from the data of its ConfigMap. Throws if it cannot be read: starting a new chain would hide the alteration. */
export function readTrail(data: Readonly<Record<string, string>> | undefined): ActTrail {
  const text = data?.trail;
  if (text === undefined) return { sequence: 0, head: GENESIS, exported: 0, records: [] };
  return Stored.parse(JSON.parse(text));
}

/** Whether the chain has an entry of the journal already. */
export const hasEntry = ({ records }: ActTrail, id: string): boolean => records.some((record) => idOf(record) === id);

/**
 * Whether the chain contains the same act of the same person from another entry. The API server may call admission several times for one
 * request, and the webhook records each call.
 */
export function hasAct(trail: ActTrail, id: string, act: JournaledAct): boolean {
  const wanted = act.transitions.map((transition) => contentOf(entryOf(act, transition, { ...ANYWHERE, id })));
  return trail.records.some((record) => wanted.includes(contentOf(record)));
}

const idOf = ({ details = [] }: AuditEntry) => details.find(({ name }) => name === 'sentinel.act.id')?.value;

const EACH_TIME: ReadonlySet<string> = new Set(['sentinel.act.id', 'sentinel.act.time', ACT_SEAL_DETAIL]);

// The fields that are equal in each admission of one request.
function contentOf({ transition, actor, details = [] }: AuditEntry): string {
  const rest = details.filter(({ name }) => !EACH_TIME.has(name));
  return canonicalize([transition, actor, rest.map(({ name, value }) => `${name}=${value}`).sort()]);
}

/**
 * The chain with a record that an existing act was admitted again. The record contains its number, because a missing number would look like
 * an omitted act.
 */
export const appendRepeated = (trail: ActTrail, chain: string, id: string, act: JournaledAct, now: number): ActTrail =>
  appendAct(trail, chain, id, act, 'Applied', now, ['ActRepeated']);

/** How many more records fit before a sink acknowledges some. */
export const trailRoom = ({ records, exported }: ActTrail): number =>
  TRAIL_MAX - records.filter(({ sequence }) => sequence > exported).length;

/** Appends the records of an act to the chain, one for each transition. */
export function appendAct(
  trail: ActTrail,
  chain: string,
  id: string,
  act: JournaledAct,
  seen: Confirmation,
  now: number,
  transitions: readonly ActTransition[] = act.transitions,
): ActTrail {
  let { sequence, head } = trail;
  const records = [...trail.records];
  for (const transition of transitions) {
    const last = sequence === 0 ? undefined : { sequence, hash: head };
    const next = chainRecord(last, entryOf(act, transition, { chain, id, seen, now }));
    records.push(next);
    ({ sequence, hash: head } = next);
  }
  while (records.length > TRAIL_MAX && (records[0]?.sequence ?? Number.POSITIVE_INFINITY) <= trail.exported) records.shift();
  return { ...trail, sequence, head, records };
}

const ANYWHERE = { chain: '', seen: 'Applied', now: 0 } as const;

interface Around {
  readonly chain: string;
  readonly id: string;
  readonly seen: Confirmation;
  readonly now: number;
}

function entryOf(act: JournaledAct, transition: ActTransition, { chain, id, seen, now }: Around): AuditEntry {
  const details = {
    ...factsOfAct(id, act),
    [ACT_CONFIRMED_DETAIL]: String(seen === 'Applied'),
    ...(act.sealed ? { [ACT_SEAL_DETAIL]: canonicalize(act.sealed) } : {}),
  };
  return {
    time: new Date(now).toISOString(),
    transition,
    actor: actorOfAct(act),
    summary: cut(summaryOf(act, transition, seen), 1024),
    action: chain,
    details: Object.entries(details).map(([name, value]) => ({ name, value })),
  };
}

const words: Readonly<Record<ActTransition, string>> = {
  PolicyCreated: 'created',
  PolicyEdited: 'edited',
  PolicySuspended: 'turned on the kill switch of',
  PolicyLifted: 'turned off the kill switch of',
  PolicyDeleted: 'deleted',
  PlaybookCreated: 'created',
  PlaybookEdited: 'edited',
  PlaybookTrusted: 'trusts',
  TrustWithdrawn: 'withdrew the trust in',
  StandingApprovalGiven: 'approved in advance the schedule of',
  StandingApprovalRevoked: 'revoked the standing approvals of the schedule of',
  PlaybookDeleted: 'deleted',
  ActionDeleted: 'deleted',
  ActRepeated: 'was named again by the API server as the person who changed',
  TrailIncomplete: 'deleted, before a sink acknowledged the end of its audit trail,',
};

function summaryOf(act: Act, transition: ActTransition, seen: Confirmation): string {
  const object = `${act.kind} ${act.namespace === '' ? '' : `${act.namespace}/`}${act.name}`;
  const doubt = seen === 'Applied' ? '' : '; admission allowed it, but the object does not show it';
  return `${act.user} ${words[transition]} ${object}${doubt}`;
}

/** The name of the chain in a sink. */
export const TRAIL_NAME = ACTS_TRAIL;
