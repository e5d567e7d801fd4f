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
    logs: Handling.describe('What is kept of the output of steps: results, termination messages, evidence.').optional(),
    diffs: Handling.describe(
      'What plans show of values before and after. The digest of each change covers the real values, even if they are not shown.',
    ).optional(),
    redact: z
      .object({
        patterns: set(
          z.string().min(1).max(256),
          32,
          'RE2 expressions of additional secrets. With a group, only the group is masked.',
        ).optional(),
        fields: set(
          z
            .string()
            .min(2)
            .max(256)
            .regex(/^(\/[^/]+)+$/),
          64,
          "JSON pointers of fields that plans never show, including all nested fields; '*' stands for one part of the pointer: '/data/*'.",
        ).optional(),
      })
      .describe('Additional masking.')
      .optional(),
    retainAtLeast: duration(
      'How long an action is kept at least, for any `retainFor` of other policies and any `history` of a schedule, so that a namespace cannot delete evidence earlier.',
    ).optional(),
    retainFor: duration(
      'How long an action is kept after its end, with its plans and results. Then it is deleted, once a sink has acknowledged its whole audit trail. It is kept longer if a limit still counts it. What the evidence store has of it is deleted after that, and of an action that somebody deleted, this long after its end.',
    ).optional(),
  })
  .describe('What is kept of an action, and for how long. If no policy sets it, secrets are masked and actions are kept.')
  .optional();

/** What the evidence store requires before a real run. */
export const evidence = z
  .object({
    required: z
      .boolean()
      .describe(
        'Whether a real run starts only while the evidence store answers and has room for its namespace. A store that fails later stops nothing: the record says what is missing.',
      )
      .default(false),
  })
  .describe('What the evidence store requires before a real run.')
  .optional();

/** What the audit trail requires before a real run. */
export const audit = z
  .object({
    requireSink: z
      .boolean()
      .describe('Whether a real run requires that a sink has acknowledged the records of the action so far.')
      .default(false),
    maxLag: duration(
      'How old the oldest record may be that the sink has not acknowledged. When left out, every record must be acknowledged.',
    ).optional(),
  })
  .describe('What the audit trail requires before a real run.')
  .optional();
