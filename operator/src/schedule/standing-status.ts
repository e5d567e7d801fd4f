import type { PlaybookStatus } from '@sentinel/crds';
import { readStanding, type StandingSource, showStanding, standingEnd } from '@sentinel/policy';

/**
 * Adds the standing approvals of a schedule to the status of its Playbook; `lookAt` is also when the first one that counts ends, in milliseconds since
 * the epoch.
 */
export function addStanding(
  { status, lookAt }: { readonly status: PlaybookStatus; readonly lookAt: number | undefined },
  source: StandingSource,
): { status: PlaybookStatus; lookAt: number | undefined } {
  if (!source.playbook.spec.schedule) return { status, lookAt };
  const standing = readStanding(source);
  if (standing.length === 0) return { status, lookAt };
  const ends = standing.filter(({ counts }) => counts).map(({ record }) => standingEnd(record, undefined));
  const next = [...ends, ...(lookAt === undefined ? [] : [lookAt])];
  return {
    status: { ...status, standingApprovals: standing.map(showStanding) },
    lookAt: next.length === 0 ? undefined : Math.min(...next),
  };
}
