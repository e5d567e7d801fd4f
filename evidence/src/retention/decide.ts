import type { EvidenceMeta } from '../store/evidence-store.ts';

/** An action as a list of them shows it. */
export interface LivingAction {
  readonly uid: string;
  /** When it ended, in milliseconds since the epoch; undefined while it has not. */
  readonly endedAt: number | undefined;
}

export type Retention =
  | { readonly kind: 'Keep' }
  | { readonly kind: 'NoteEnd'; readonly endedAt: number | undefined }
  | { readonly kind: 'Delete' };

/**
 * Decides whether evidence is kept. It is kept as long as its action exists: the operator deletes an action when its time of retention is
 * over, and not while a limit counts it or a kill switch is on. Of an action that somebody deleted, it is kept until that time has passed
 * since the action ended, or since it was first missed where its end was not seen.
 */
export function decideRetention({ retainMs, endedAt }: EvidenceMeta, action: LivingAction | undefined, now: number): Retention {
  if (action) return action.endedAt === endedAt ? { kind: 'Keep' } : { kind: 'NoteEnd', endedAt: action.endedAt };
  if (endedAt === undefined) return { kind: 'NoteEnd', endedAt: now };
  return retainMs !== undefined && endedAt + retainMs <= now ? { kind: 'Delete' } : { kind: 'Keep' };
}
