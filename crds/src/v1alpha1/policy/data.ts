import { z } from 'zod';
import { duration, set } from '../fields.ts';

const Handling = z.enum(['Stored', 'Redacted', 'Hashed', 'Dropped']);

/** What is kept of an action, and for how long. */
export const dataHandling = z
  .object({
    prompts: Handling.describe(
      'What is kept of `intent.prompt`, from admission on. Unless prompts are stored, secrets in the rest of the intent are masked too.',
    ).optional(),
    parameters: Handling.describe(
      'What the audit trail keeps of the values of parameters. The action itself holds them, because they are what runs.',
    ).optional(),
    logs: Handling.describe('What is kept of what steps print and leave behind: results, last words, evidence.').optional(),
    diffs: Handling.describe(
      'What plans show of values before and after. What was approved is pinned by the digest of each change, whatever is shown.',
    ).optional(),
    redact: z
      .object({
        patterns: set(
          z.string().min(1).max(256),
          32,
          'RE2 expressions of what is a secret here, beside what is known as one. With a group, the group is masked.',
        ).optional(),
        fields: set(
          z
            .string()
            .min(2)
            .max(256)
            .regex(/^(\/[^/]+)+$/),
          64,
          "JSON pointers of fields that plans never show, with all that is in them; '*' stands for one part: '/data/*'.",
        ).optional(),
      })
      .describe('What else is masked.')
      .optional(),
    retainAtLeast: duration(
      'How long an action is kept at least, whatever any policy says of `retainFor`: evidence of a floor is not for a namespace to delete.',
    ).optional(),
    retainFor: duration(
      'How long an action is kept after its end, with its plans and results. Then it is deleted, once a sink has acknowledged its whole audit trail. Limits that count it keep it as long as they do.',
    ).optional(),
  })
  .describe('What is kept of an action, and for how long. Where no policy says, secrets are masked and actions stay.')
  .optional();

/** What the audit trail must be able to do before a real run. */
export const audit = z
  .object({
    requireSink: z
      .boolean()
      .describe('Whether a real run needs a sink that acknowledged the records of the action so far.')
      .default(false),
    maxLag: duration(
      'How old the oldest record may be that the sink has not acknowledged. When left out, every record must be acknowledged.',
    ).optional(),
  })
  .describe('What the audit trail must be able to do before a real run.')
  .optional();
