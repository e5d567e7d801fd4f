import { type Effect, effectNumber, type Resolution } from '@sentinel/crds';
import type { Change } from '../effect/change.ts';
import type { ParsedRequest } from '../request/parse.ts';

/**
 * The state of one approved effect in the ledger.
 *
 * - `Intended`: it will be sent; nothing has been sent yet.
 * - `Sent`: it may have been sent, and its outcome is not known yet.
 * - `Done`: the API server has it.
 * - `Refused`: it was certainly not applied; it may be intended again.
 * - `Unknown`: the outcome cannot be determined; a person must resolve it.
 * - `Accepted`: the outcome was unknown, and a person accepted the stored object. It is never changed again.
 */
export type EntryState = 'Intended' | 'Sent' | 'Done' | 'Refused' | 'Unknown' | 'Accepted';

/** The decision of a person on an effect whose outcome was unknown, in the ledger. */
export interface Order {
  /** Identifies the sealed record, so that it is carried out at most once. */
  readonly id: string;
  readonly resolution: Resolution;
  readonly user: string;
  readonly time: string;
  /** Why it was not carried out; undefined when it was, or is being. */
  readonly refused?: string | undefined;
}

/** Who may move an entry: one process of the gateway, working on one request. */
export interface Owner {
  readonly process: string;
  readonly nonce: string;
}

/** The progress of the rollback of an effect. */
export type RollbackState = 'Restoring' | 'Restored' | 'Unchanged';

/** The object that an effect is about, and how to address it again. */
export type Target = Pick<Effect, 'index' | 'verb' | 'apiGroup' | 'version' | 'resource' | 'name'> &
  Partial<Pick<Effect, 'namespace' | 'uid'>>;

/** The precondition of a write: the object is the compared one, or it does not exist. */
export interface Preconditions {
  readonly uid: string | undefined;
  readonly resourceVersion: string | undefined;
}

/** A write as it was sent, with everything that is needed to send it again and to roll it back. */
export interface Sending {
  readonly request: ParsedRequest;
  readonly preconditions: Preconditions;
  /** The fields that it changes, before and after; what a rollback restores. */
  readonly change: readonly Change[];
  /** The object before the write, and as the dry-run promised it: what is stored must be that. */
  readonly promised: { readonly live: unknown; readonly result: unknown };
}

/** What the API server stored. */
export interface Stored {
  readonly uid: string | undefined;
  readonly resourceVersion: string | undefined;
  /** The actual change, if it differs from what was sent. */
  readonly change?: readonly Change[] | undefined;
  /** How the stored object differs from what was approved, as a sentence; undefined if it does not. */
  readonly altered?: string | undefined;
}

/** One entry of the ledger. */
export interface Entry {
  readonly jobUid: string;
  readonly target: Target;
  readonly state: EntryState;
  readonly owner: Owner;
  /** When the first intent was stored, by the clock of the gateway, in milliseconds since the epoch. It is for people. */
  readonly since: number;
  /** The same by the clock of the API server, in whole seconds; undefined until it is stored. */
  readonly storedAt?: number | undefined;
  /** Set from `Sent` on. */
  readonly sending?: Sending | undefined;
  /** Set in `Done`. */
  readonly stored?: Stored | undefined;
  /** Why it was refused, or why its outcome is unknown. */
  readonly why?: string | undefined;
  /** `Restoring`: a rollback is about to write. `Restored`: it has. `Unchanged`: it found nothing to restore. */
  readonly rollback?: RollbackState | undefined;
  /** What people decided on it while its outcome was unknown, oldest first. */
  readonly orders?: readonly Order[] | undefined;
  /** The version of the ledger's own object, the precondition of every move; undefined until it is stored. */
  readonly version?: string | undefined;
}

/** A transition that the state machine does not allow. It is a programming error and changes nothing. */
export class IllegalMove extends Error {
  constructor(entry: Entry, move: string) {
    super(`effect ${effectNumber(entry.target.index)} is ${entry.state}: ${move} is not allowed`);
    this.name = 'IllegalMove';
  }
}

/** The first state of an effect. */
export function intended(jobUid: string, target: Target, owner: Owner, since: number): Entry {
  return { jobUid, target, state: 'Intended', owner, since };
}

/** Intends a write that was never sent, or that the API server refused. Anyone who intended it before can no longer send it. */
export function intendAgain(entry: Entry, owner: Owner): Entry {
  if (entry.state !== 'Intended' && entry.state !== 'Refused') throw new IllegalMove(entry, 'another intent');
  return { ...entry, state: 'Intended', owner, sending: undefined, why: undefined };
}

/** The write is about to be sent. */
export function send(entry: Entry, owner: Owner, sending: Sending): Entry {
  if (entry.state !== 'Intended') throw new IllegalMove(entry, 'sending');
  return { ...requireOwner(entry, owner), state: 'Sent', sending };
}

/** Takes over a write whose outcome is not known yet. It stays `Sent`, and only the new owner may set its outcome. */
export function takeOver(entry: Entry, owner: Owner): Entry {
  if (entry.state !== 'Sent' && entry.state !== 'Unknown') throw new IllegalMove(entry, 'a take-over');
  return { ...entry, state: 'Sent', owner, why: undefined };
}

/** A person ordered an effect whose outcome is unknown to be sent again; the earlier write can no longer be applied in addition. */
export function redo(entry: Entry, owner: Owner, sending: Sending, order: Order): Entry {
  if (entry.state !== 'Unknown') throw new IllegalMove(entry, 'a redo');
  return { ...withOrder(entry, order), state: 'Sent', owner, sending, why: undefined };
}

/** A person accepted the stored object, for any outcome of the write. */
export function accept(entry: Entry, order: Order): Entry {
  if (entry.state !== 'Unknown') throw new IllegalMove(entry, 'an acceptance');
  return { ...withOrder(entry, order), state: 'Accepted' };
}

/** Records the order of a person, before it is carried out or together with the reason of its refusal. The outcome stays unknown. */
export function noteOrder(entry: Entry, order: Order): Entry {
  if (entry.state !== 'Unknown') throw new IllegalMove(entry, 'an order');
  return withOrder(entry, order);
}

/** The last order could not be carried out. */
export function refuseOrder(entry: Entry, refused: string): Entry {
  const last = entry.orders?.at(-1);
  if (last === undefined || last.refused !== undefined) throw new IllegalMove(entry, 'the refusal of an order');
  return withAnswer(entry, refused);
}

/** The write was applied. */
export function done(entry: Entry, owner: Owner, stored: Stored): Entry {
  if (entry.state !== 'Sent') throw new IllegalMove(entry, 'done');
  return { ...requireOwner(entry, owner), state: 'Done', stored, why: undefined };
}

/** The write was certainly not applied: never sent, or refused by the API server. */
export function refuse(entry: Entry, owner: Owner, why: string): Entry {
  if (entry.state !== 'Intended' && entry.state !== 'Sent') throw new IllegalMove(entry, 'a refusal');
  const own = requireOwner(entry, owner);
  // If the write was not applied, a redo has failed, and a rollback has nothing to do.
  return { ...(lastOrder(own)?.resolution === 'redo' ? withAnswer(own, why) : own), state: 'Refused', why };
}

/** The outcome of the write cannot be determined. */
export function lose(entry: Entry, owner: Owner, why: string): Entry {
  if (entry.state !== 'Sent') throw new IllegalMove(entry, 'an unknown outcome');
  return { ...withAnswer(requireOwner(entry, owner), why), state: 'Unknown', why };
}

/** Records the progress of the rollback of the effect. */
export function noteRollback(entry: Entry, rollback: RollbackState): Entry {
  if (entry.state !== 'Done' && entry.state !== 'Unknown' && entry.state !== 'Sent') throw new IllegalMove(entry, 'a rollback');
  return { ...entry, rollback };
}

/** Whether the outcome of a write still has to be found out. */
export const isOpen = ({ state }: Entry): boolean => state === 'Sent' || state === 'Unknown';

/** The fields that the effect changed in fact, as far as the ledger knows. */
export const changeOf = ({ stored, sending }: Entry): readonly Change[] => stored?.change ?? sending?.change ?? [];

/** The newest decision on an effect. */
export const lastOrder = ({ orders }: Pick<Entry, 'orders'>): Order | undefined => orders?.at(-1);

/** Whether a sealed record was processed already, carried out or refused. */
export const isAnswered = ({ orders = [] }: Entry, id: string): boolean => orders.some((order) => order.id === id);

const withOrder = (entry: Entry, order: Order): Entry => ({ ...entry, orders: [...(entry.orders ?? []), order] });

/** An order that is not complete: a rollback that a crash interrupted. */
export function openOrder(entry: Entry): Order | undefined {
  const last = lastOrder(entry);
  if (last?.resolution !== 'roll-back' || last.refused !== undefined) return undefined;
  const isOver = entry.rollback === 'Restored' || entry.rollback === 'Unchanged';
  return entry.state === 'Unknown' || (entry.state === 'Done' && !isOver) ? last : undefined;
}

function withAnswer(entry: Entry, refused: string): Entry {
  const { orders = [] } = entry;
  const last = orders.at(-1);
  if (last === undefined || last.refused !== undefined) return entry;
  return { ...entry, orders: [...orders.slice(0, -1), { ...last, refused }] };
}

function requireOwner(entry: Entry, owner: Owner): Entry {
  if (entry.owner.process !== owner.process || entry.owner.nonce !== owner.nonce)
    throw new IllegalMove(entry, 'a move by somebody who does not own it');
  return entry;
}
