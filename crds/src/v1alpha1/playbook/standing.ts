import { z } from 'zod';
import { digest, time } from '../fields.ts';

/** The risks that a standing approval may cover. What is Critical needs a person who has seen the plan. */
export const StandingRisk = z.enum(['Low', 'Medium', 'High']);
export type StandingRisk = z.infer<typeof StandingRisk>;

/** A standing approval of a schedule as the operator reads it. */
export const StandingApproval = z
  .object({
    user: z.string().max(512).describe('Who decided.'),
    playbook: digest('Digest of the Playbook that was decided on.'),
    upToRisk: StandingRisk.describe('The highest risk that it covers.'),
    time: time('When.'),
    expires: time('When it ends.'),
    comment: z.string().max(1024).describe('What the person wrote.').optional(),
    counts: z.boolean().describe('Whether it counts now.'),
    why: z.string().max(512).describe('Why it does not count.').optional(),
    decided: z.boolean().describe('Whether the audit trail of the action says that it decided.').optional(),
  })
  .describe('A sealed standing approval of a schedule.');
export type StandingApproval = z.infer<typeof StandingApproval>;

/** How many of them a status holds, the newest. */
export const STANDING_KEPT = 16;
