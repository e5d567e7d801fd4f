import { z } from 'zod';

const comment = z.boolean().describe('Whether it must have a comment.');

const ticket = z
  .string()
  .min(1)
  .max(256)
  .describe(
    "RE2 expression of a ticket, such as '(OPS|CHG)-[0-9]+'. The comment must contain a word that matches it as a whole; punctuation around the word does not count.",
  );

const approvals = z
  .object({ comment: comment.optional(), ticket: ticket.optional() })
  .describe('What an approval must say. An approval that does not say it does not count, also if the policy came later.')
  .optional();

/** The reasons that a policy of a namespace can require. */
export const reasons = z
  .object({
    approvals,
    rejections: z
      .object({ comment: comment.optional() })
      .describe(
        'What a rejection, or a request for changes, must say. Only a ClusterAgentPolicy can require a ticket here: a pattern that nobody can match would prevent every rejection.',
      )
      .optional(),
  })
  .describe('What people must write with their decisions. Each policy that applies must be satisfied.')
  .optional();

/** The reasons that a policy of the cluster can require. */
export const clusterReasons = z
  .object({
    approvals,
    rejections: z
      .object({ comment: comment.optional(), ticket: ticket.optional() })
      .describe('What a rejection, or a request for changes, must say.')
      .optional(),
  })
  .describe('What people must write with their decisions. Each policy that applies must be satisfied.')
  .optional();
