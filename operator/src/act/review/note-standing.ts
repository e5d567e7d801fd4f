import type { StandingApproval } from '@sentinel/crds';
import { reliesOnStanding, showStanding, type Tally } from '@sentinel/policy';
import { outboxRoom, ROOM_TO_END, record } from '../../status/record.ts';
import type { Pass } from '../context.ts';

/**
 * Shows the standing approvals of the schedule in the status of its action, and records those by which it may start: once for each, because
 * they stand in the Playbook and not in the action.
 */
export function noteStanding({ draft, action, now }: Pass, tally: Tally): void {
  const before = draft.standingApprovals ?? [];
  const decides = reliesOnStanding(tally, tally.requirements);
  const shown = tally.standing.map((judged): StandingApproval => {
    const { record: made } = judged;
    const known = before.some(({ user, time, decided }) => decided && user === showStanding(judged).user && time === made.time);
    const isNews = !known && decides && judged.counts && outboxRoom(draft) > ROOM_TO_END;
    if (isNews)
      record(
        draft,
        action,
        {
          transition: 'Decided',
          actor: made.user,
          summary: `approve by ${made.user}, by a standing approval of the schedule until ${made.expires}${made.comment ? `: ${made.comment}` : ''}`,
          plan: draft.plan?.digest,
          details: {
            'sentinel.decision': 'approve',
            // Nobody saw the plan: the person decided in advance, on the Playbook with this digest.
            'sentinel.decision.by': 'StandingApproval',
            'sentinel.decision.playbook': made.digest,
            'sentinel.decision.parameters': made.parameters,
            'sentinel.decision.up_to_risk': made.upToRisk,
            'sentinel.decision.time': made.time,
            'sentinel.decision.expires': made.expires,
            'sentinel.decision.uid': made.uid || undefined,
            'sentinel.decision.groups': made.groups.join(' '),
            'sentinel.decision.exempt_by': made.exemptBy,
            'sentinel.decision.seal': made.key,
            'sentinel.decision.comment': made.comment,
          },
        },
        now,
      );
    return { ...showStanding(judged), ...(known || isNews ? { decided: true } : {}) };
  });
  if (shown.length > 0) draft.standingApprovals = shown;
  else delete draft.standingApprovals;
}

/** Why the standing approvals do not count, as the end of a sentence; empty if one counts, or if there is none. */
export function whyNoStanding({ standing }: Tally): string {
  const latest = standing.at(-1);
  if (!latest || standing.some(({ counts }) => counts)) return '';
  return `; the standing approval of ${latest.record.user} does not count: ${latest.why ?? ''}`;
}
