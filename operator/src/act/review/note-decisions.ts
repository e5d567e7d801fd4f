import { type AgentActionStatus, count, effectNumber } from '@sentinel/crds';
import { isApproved, type Judged, requiredOf, type Tally, ticketsIn } from '@sentinel/policy';
import { condition, enter, stateOf } from '../../status/conditions.ts';
import { outboxRoom, ROOM_TO_END, record } from '../../status/record.ts';
import { cut } from '../../status/text.ts';
import type { Pass } from '../context.ts';
import { noteStanding, whyNoStanding } from './note-standing.ts';
import { requestChanges, withdrawRequest } from './request-changes.ts';
import { suspend } from './suspend.ts';

type Counted = NonNullable<AgentActionStatus['decisions']>[number];
const KEPT = 32;

/** Shows the sealed decisions in the status and records new ones. Changes nothing if there is no new decision. */
export function recordDecisions(pass: Pass, tally: Tally, reserve: number): void {
  const { draft, action, now } = pass;
  // The annotation is append-only, so a count identifies the new ones; the list in the status is cut and cannot. Decisions that do not fit into
  // the outbox are recorded when a sink has acknowledged older records; until then nothing starts.
  const known = draft.decisionCount ?? 0;
  const news = tally.judged.slice(known, known + Math.max(0, outboxRoom(draft) - reserve));
  for (const judged of news) {
    const { user, uid, decision, effect, plan, comment, groups, exemptBy } = judged.record;
    const what = effect === undefined ? decision : `${decision} of effect ${effectNumber(effect)}`;
    const verdict = judged.counts ? '' : ` (does not count: ${judged.why ?? ''})`;
    record(
      draft,
      action,
      {
        transition: 'Decided',
        actor: user,
        summary: `${what} by ${user}${comment ? `: ${comment}` : ''}${verdict}`,
        plan: plan.slice(0, 71),
        details: {
          'sentinel.decision': decision,
          // What decided. The plan that the person saw is that of the record.
          'sentinel.decision.by': 'Person',
          'sentinel.decision.effect': effect === undefined ? undefined : String(effectNumber(effect)),
          'sentinel.decision.uid': uid || undefined,
          'sentinel.decision.groups': groups.join(' '),
          // They could act as the requester, but an admin of the cluster has exempted them.
          'sentinel.decision.exempt_by': exemptBy,
          'sentinel.decision.seal': judged.record.key,
          'sentinel.decision.comment': comment,
          'sentinel.decision.ticket': ticketsIn(tally.requirements.reasons, comment).join(' '),
        },
      },
      now,
    );
  }
  // An action without decisions has no fields about decisions: adding empty ones would be an unnecessary write.
  if (tally.judged.length > 0 || draft.decisions !== undefined) {
    draft.decisionCount = known + news.length;
    draft.decisions = tally.judged.slice(-KEPT).map(counted);
  }
}

/** The same for an action that waits for its start, and whether the approvals are enough. */
export function noteDecisions(pass: Pass, tally: Tally, suspendedBy: readonly string[] = []): void {
  const { draft, now } = pass;
  recordDecisions(pass, tally, ROOM_TO_END);
  noteStanding(pass, tally);
  // Policy may be stricter now than when the plan was made: the status must show what counts now.
  draft.required = requiredOf(tally.requirements);
  const { approvals: needed, autoReview } = tally.requirements;
  const enough = isApproved(tally, tally.requirements);
  condition(
    draft,
    'Approved',
    tally.rejectedBy ? 'False' : enough ? 'True' : 'Unknown',
    tally.rejectedBy ? 'Failed' : enough ? (autoReview ? 'NotNeeded' : 'Satisfied') : 'AwaitingApproval',
    autoReview
      ? 'policy lets the plan start without a person'
      : `${tally.approvals} of ${count(needed, 'approval')}${byStanding(tally)}${unlessRevised(tally)}`,
    now,
  );
  const state = stateOf(draft);
  if (suspendedBy.length > 0) suspend(pass);
  else if (tally.changesRequestedBy) requestChanges(pass, tally.changesRequestedBy);
  else if (state === 'ChangesRequested') withdrawRequest(pass, tally);
  else if (state === 'Starting' && !enough)
    enter(draft, 'AwaitingApproval', `${tally.approvals} of ${count(needed, 'approval')}, by what policy asks for now`, now);
}

function byStanding(tally: Tally): string {
  const inAdvance = tally.standing.filter(({ counts }) => counts).map(({ record }) => `${record.user} until ${record.expires}`);
  return inAdvance.length === 0 ? whyNoStanding(tally) : `, by the standing approval of ${inAdvance.join(' and of ')}`;
}

const unlessRevised = ({ changesRequestedBy: by }: Tally) => (by ? `; ${by.user} asked for changes` : '');

function counted({ record: made, counts, why }: Judged): Counted {
  return {
    user: cut(made.user, 512),
    decision: made.decision,
    ...(made.effect === undefined ? {} : { effect: made.effect }),
    time: made.time,
    ...(made.expires === undefined ? {} : { expires: made.expires }),
    plan: made.plan,
    ...(made.exemptBy === undefined ? {} : { exemptBy: cut(made.exemptBy, 512) }),
    ...(made.comment === undefined ? {} : { comment: cut(made.comment, 1024) }),
    counts,
    ...(why === undefined ? {} : { why: cut(why, 512) }),
  };
}
