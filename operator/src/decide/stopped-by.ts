import { annotations } from '@sentinel/crds';
import { parseActor } from '@sentinel/policy';
import type { Facts } from '../facts/facts.ts';

/** Why a person stopped an action, for its status, and who that is; undefined if nobody did. */
export interface StoppedBy {
  readonly why: string;
  /** Undefined if admission recorded no name. */
  readonly actor: string | undefined;
  /** The comment of the person who cancelled it. */
  readonly comment?: string | undefined;
}

/** The person who ends an action: the one who deletes it, or else the one who cancelled it. */
export function stoppedBy({ action, deletedBy }: Pick<Facts, 'action' | 'deletedBy'>): StoppedBy | undefined {
  const { metadata, spec } = action;
  if (metadata.deletionTimestamp !== undefined) return { why: `the action was deleted${byWhom(deletedBy)}`, actor: deletedBy };
  if (!spec.cancelled) return undefined;
  const actor = parseActor(metadata.annotations?.[annotations.cancelledBy]);
  return { why: `the action was cancelled${byWhom(actor)}`, actor, comment: spec.cancelComment };
}

const byWhom = (actor: string | undefined) => (actor === undefined ? '' : ` by ${actor}`);
