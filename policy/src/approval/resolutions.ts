import type { Resolution } from '@sentinel/crds';
import { isResolution, type Tally } from './tally.ts';

/** What an authorized person decided on an effect whose outcome is unknown. */
export interface ResolutionOrder {
  /** Identifies the sealed record: each is carried out at most once. */
  readonly id: string;
  readonly effect: number;
  readonly resolution: Resolution;
  readonly user: string;
  /** When it was decided, as the record says. */
  readonly time: string;
}

/** The sealed resolutions that count, in the order in which they were decided. */
export function resolutionsOf({ judged }: Pick<Tally, 'judged'>): ResolutionOrder[] {
  return judged.flatMap(({ counts, record: { decision, effect, user, time, seal } }) =>
    counts && effect !== undefined && isResolution(decision) ? [{ id: seal, effect, resolution: decision, user, time }] : [],
  );
}
