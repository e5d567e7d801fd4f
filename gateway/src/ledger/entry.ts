import type { Effect } from '@sentinel/crds';
import type { Change } from '../effect/change.ts';
import type { ParsedRequest } from '../request/parse.ts';

/**
 * What the ledger says of one approved effect.
 *
 * - `Intended`: it will be sent; nothing has been sent yet.
 * - `Sent`: it may have been sent, and its outcome is not known yet.
 * - `Done`: the API server has it.
 * - `Refused`: the API server surely does not have it; it may be intended again.
 * - `Unknown`: nobody can tell; a person must look.
 */
export type EntryState = 'Intended' | 'Sent' | 'Done' | 'Refused' | 'Unknown';

/** Who may move an entry: one process of the gateway, working on one request. */
export interface Owner {
  readonly process: string;
  readonly nonce: string;
}

/** The object that an effect is about, and how to address it again. */
export type Target = Pick<Effect, 'index' | 'verb' | 'apiGroup' | 'version' | 'resource' | 'name'> &
  Partial<Pick<Effect, 'namespace' | 'uid'>>;

/** What must hold of the object for a write to land: that it is the one that was compared, or that there is none. */
export interface Preconditions {
  readonly uid: string | undefined;
  readonly resourceVersion: string | undefined;
}

/** A write as it was sent, enough to send it again and to take it back. */
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
  /** What changed in fact, where that is more or something else than what was sent. */
  readonly change?: readonly Change[] | undefined;
  /** In what the stored object is not what was approved, in a sentence; undefined when it is. */
  readonly altered?: string | undefined;
}

/** One entry of the ledger. */
export interface Entry {
  readonly jobUid: string;
  readonly target: Target;
  readonly state: EntryState;
  readonly owner: Owner;
  /** When the first intent was stored, in milliseconds since the epoch. */
  readonly since: number;
  /** Set from `Sent` on. */
  readonly sending?: Sending | undefined;
  /** Set in `Done`. */
  readonly stored?: Stored | undefined;
  /** Why it was refused or is not known. */
  readonly why?: string | undefined;
  /** `Restoring`: a rollback is about to write. `Restored`: it has. */
  readonly rollback?: 'Restoring' | 'Restored' | undefined;
  /** The version of the ledger's own object, the precondition of every move; undefined until it is stored. */
  readonly version?: string | undefined;
}

/** A move that the state machine does not know. It is a fault of the program and changes nothing. */
export class IllegalMove extends Error {
  constructor(entry: Entry, move: string) {
    super(`effect ${entry.target.index} is ${entry.state}: ${move} is not allowed`);
    this.name = 'IllegalMove';
  }
}

/** The first state of an effect. */
export function intended(jobUid: string, target: Target, owner: Owner, since: number): Entry {
  return { jobUid, target, state: 'Intended', owner, since };
}

/** Intends a write that was never sent, or that the API server refused. Whoever intended it before can no longer send it. */
export function intendAgain(entry: Entry, owner: Owner): Entry {
  if (entry.state !== 'Intended' && entry.state !== 'Refused') throw new IllegalMove(entry, 'another intent');
  return { ...entry, state: 'Intended', owner, sending: undefined, why: undefined };
}

/** The write is about to be sent. */
export function send(entry: Entry, owner: Owner, sending: Sending): Entry {
  if (entry.state !== 'Intended') throw new IllegalMove(entry, 'sending');
  return { ...requireOwner(entry, owner), state: 'Sent', sending };
}

/** Takes over a write whose outcome nobody has found out. It stays sent, and only the new owner may say what became of it. */
export function takeOver(entry: Entry, owner: Owner): Entry {
  if (entry.state !== 'Sent' && entry.state !== 'Unknown') throw new IllegalMove(entry, 'a take-over');
  return { ...entry, state: 'Sent', owner, why: undefined };
}

/** The API server has it. */
export function done(entry: Entry, owner: Owner, stored: Stored): Entry {
  if (entry.state !== 'Sent') throw new IllegalMove(entry, 'done');
  return { ...requireOwner(entry, owner), state: 'Done', stored, why: undefined };
}

/** It was surely not carried out: never sent, or refused by the API server. */
export function refuse(entry: Entry, owner: Owner, why: string): Entry {
  if (entry.state !== 'Intended' && entry.state !== 'Sent') throw new IllegalMove(entry, 'a refusal');
  return { ...requireOwner(entry, owner), state: 'Refused', why };
}

/** Nobody can tell what became of it. */
export function lose(entry: Entry, owner: Owner, why: string): Entry {
  if (entry.state !== 'Sent') throw new IllegalMove(entry, 'an unknown outcome');
  return { ...requireOwner(entry, owner), state: 'Unknown', why };
}

/** Notes how far a rollback of the effect has got. */
export function noteRollback(entry: Entry, rollback: 'Restoring' | 'Restored'): Entry {
  if (entry.state !== 'Done' && entry.state !== 'Unknown' && entry.state !== 'Sent') throw new IllegalMove(entry, 'a rollback');
  return { ...entry, rollback };
}

/** Whether the outcome of a write still has to be found out. */
export const isOpen = ({ state }: Entry): boolean => state === 'Sent' || state === 'Unknown';

/** The fields that the effect changed in fact, as far as the ledger knows. */
export const changeOf = ({ stored, sending }: Entry): readonly Change[] => stored?.change ?? sending?.change ?? [];

function requireOwner(entry: Entry, owner: Owner): Entry {
  if (entry.owner.process !== owner.process || entry.owner.nonce !== owner.nonce)
    throw new IllegalMove(entry, 'a move by somebody who does not own it');
  return entry;
}
