import { type Comparison, compare } from './check.ts';
import { type Sample, sampleOf } from './grammar.ts';
import { closeRoom, execute, openRoom } from './run.ts';

/** What a campaign found. */
export interface Campaign {
  scripts: number;
  executed: number;
  found: number;
  flagged: number;
  plain: number;
  plainOpaque: number;
  readonly misses: { readonly sample: Sample; readonly comparison: Comparison }[];
  readonly opaquePlain: { readonly sample: Sample; readonly comparison: Comparison }[];
}

/** Runs scripts of consecutive seeds, and compares what was read of them with what they executed. */
export async function campaign(count: number, seed: number, rooms: number): Promise<Campaign> {
  const result: Campaign = {
    scripts: 0,
    executed: 0,
    found: 0,
    flagged: 0,
    plain: 0,
    plainOpaque: 0,
    misses: [],
    opaquePlain: [],
  };
  let next = 0;
  const work = async () => {
    const room = await openRoom();
    try {
      while (next < count) {
        const sample = sampleOf(seed * 1_000_003 + next++);
        const executed = await execute(sample, room);
        record(result, sample, compare(sample, executed), executed.length);
      }
    } finally {
      await closeRoom(room);
    }
  };
  await Promise.all(Array.from({ length: rooms }, work));
  return result;
}

function record(result: Campaign, sample: Sample, comparison: Comparison, executed: number): void {
  result.scripts += 1;
  result.executed += executed;
  result.found += comparison.found;
  result.flagged += comparison.flagged;
  if (comparison.missed.length > 0) result.misses.push({ sample, comparison });
  if (!sample.plain) return;
  result.plain += 1;
  if (!comparison.opaque) return;
  result.plainOpaque += 1;
  result.opaquePlain.push({ sample, comparison });
}
