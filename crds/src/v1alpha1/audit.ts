import { z } from 'zod';
import { digest, list, text, time, uid } from './fields.ts';

/**
 * One transition of an action. The records of an action are a hash chain: `hash` covers every other field, `previous` is the
 * hash of the record before (all zeros for the first), so a record that is changed, moved or left out is found.
 */
export const AuditRecord = z
  .object({
    sequence: z.int().min(1).meta({ format: 'int64' }).describe('Position in the chain, from 1.'),
    previous: digest('Hash of the record before.'),
    hash: digest('Hash of this record.'),
    time: time('When the operator wrote it. Records are ordered by their sequence number, not by this time.'),
    transition: z.string().max(64).describe('What happened: one of the transitions in the API reference.'),
    actor: z.string().max(512).describe('Who did it: a user, or a program of Sentinel.'),
    summary: text(1024, 'A sentence for people.'),
    action: uid('Uid of the action.'),
    plan: digest('Digest of the plan that the record is about.').optional(),
    job: uid('Uid of the Job that the record is about.').optional(),
    details: list(
      z.object({
        name: z.string().max(64).describe('Name of the attribute.'),
        value: z.string().max(1024).describe('Its value.'),
      }),
      20,
      'Further attributes.',
    ).optional(),
  })
  .describe('One transition of an action.');
export type AuditRecord = z.infer<typeof AuditRecord>;
