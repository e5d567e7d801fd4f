import { z } from 'zod';
import { duration, integer, list, RiskLevel, set } from '../fields.ts';

const ApprovalLine = z
  .object({
    upToRisk: RiskLevel.describe('The entry covers actions up to this risk.'),
    approvals: integer(1, 10, 'How many different people must approve.').default(1),
    groups: set(
      z.string().min(1).max(253),
      32,
      'An approval counts only from a member of one of these groups. When left out, from everyone with the verb `approve`.',
    ).optional(),
    expiresAfter: duration('How long an approval stays good.').default('4h'),
    autoReview: z
      .boolean()
      .describe(
        "Whether a plan up to this risk may start without a person: that of a trusted Playbook with autonomy 'Auto', or of ad-hoc steps that every policy allows. Changes that always need a person still wait for approval, and so do plans that any other policy wants reviewed.",
      )
      .optional(),
    autoReviewAfter: integer(
      0,
      100,
      'How many runs of the same Playbook, with its current digest, must have succeeded in the namespace since the last failure, before its plans start without a person. When left out, 3.',
    ).optional(),
    standing: duration(
      'How long a standing approval may be: the sealed decision of a person that the actions of a schedule may start, as long as the Playbook does not change. It counts as the approval of this person, except for changes that always need a person who has seen the plan. Every policy with `approvals` must allow it, and the shortest time counts. When left out, standing approvals do not count.',
    ).optional(),
  })
  .describe('What an action up to a risk needs before it may start.');

/** What an action needs before it may start, by its risk. */
export const approvals = list(
  ApprovalLine,
  8,
  'The first entry whose risk covers that of the action decides what it needs. An action that no entry covers is denied.',
).optional();
