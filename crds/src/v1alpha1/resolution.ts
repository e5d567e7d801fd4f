import { z } from 'zod';
import { integer, time } from './fields.ts';

/** How a person resolves an effect whose outcome is unknown. */
export const Resolution = z.enum(['accept', 'redo', 'roll-back']);
export type Resolution = z.infer<typeof Resolution>;

/**
 * The number of an effect as people see it. Programs use its index in the plan, from 0; everything that people read or type counts from 1: the
 * CHANGES of a plan, messages, `--effect`, the annotation `sentinel.dev/effect` and the field manager.
 */
export const effectNumber = (index: number): number => index + 1;

/** The index of an effect, in a status. */
export const effectIndex = () =>
  integer(0, 500, 'Index of the effect in the plan, from 0. The number that people see is one higher.');

/** An effect whose outcome is not known, as a status shows it. */
export const UnknownEffect = z.object({
  effect: effectIndex(),
  number: integer(
    1,
    501,
    'The number of the effect for people: in `--effect`, in the annotation sentinel.dev/effect and in messages.',
  ).optional(),
  object: z.string().max(512).describe('The write: verb, resource, namespace and name of the object.'),
  why: z.string().max(1024).describe('What may have happened, and why it cannot be determined.'),
});

/** The result of one resolution. */
export const Resolved = z.object({
  effect: effectIndex(),
  resolution: Resolution.describe('What the person decided.'),
  user: z.string().max(512).describe('Who decided.'),
  time: time('When.'),
  outcome: z
    .enum(['Applied', 'Refused'])
    .describe("Whether the gateway carried out the decision. After 'Refused' the outcome of the effect may still be unknown."),
  message: z.string().max(512).describe('The result, for people.'),
});
export type Resolved = z.infer<typeof Resolved>;
