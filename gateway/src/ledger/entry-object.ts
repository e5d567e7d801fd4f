import type { AnyObject } from '@sentinel/kube';
import type { EntryState, Order, Owner, RollbackState, Target } from './entry.ts';

/** Where a payload is: in the object itself, or in objects of its own. */
export interface Kept {
  readonly digest: string;
  readonly inline?: string;
  readonly parts?: readonly string[];
}

/** What the Secret of an entry says of it, without its payloads. */
export interface Head {
  readonly target: Target;
  readonly state: EntryState;
  readonly owner: Owner;
  readonly since: number;
  readonly why?: string;
  readonly rollback?: RollbackState;
  readonly orders?: readonly Order[];
  readonly sending?: Kept;
  readonly stored?: Kept;
}

/** Two payloads of this size and the head of an entry fit into one Secret, encoded in base64 twice. */
export const INLINE_BYTES = 200 * 1024;

/** Reads what the Secret of an entry says of it. */
export function readHead(object: AnyObject): Head {
  const text = Buffer.from((object.data as Record<string, string> | undefined)?.head ?? '', 'base64').toString('utf8');
  return JSON.parse(text) as Head;
}

/** When an object was created, in milliseconds since the epoch. */
export const createdAt = ({ metadata }: AnyObject) =>
  metadata.creationTimestamp === undefined ? undefined : Date.parse(metadata.creationTimestamp);
/** A text as the data of a Secret. */
export const base64 = (text: string) => Buffer.from(text).toString('base64');
/** The name of the Secret of an entry. */
export const entryName = (jobUid: string, index: number) => `intent-${jobUid}-${index}`;
