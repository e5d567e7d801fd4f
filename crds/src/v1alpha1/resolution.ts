import { z } from 'zod';
import { integer, time } from './fields.ts';

/** How a person resolves an effect whose outcome is unknown. */
export const Resolution = z.enum(['accept', 'redo', 'roll-back']);
export type Resolution = z.infer<typeof Resolution>;

/**
 * The number by which people know an effect. Programs use its index in the plan, from 0; all that people read or type counts from 1: the
 * CHANGES of a plan, messages, `--effect`, the annotation `sentinel.dev/effect` and the field manager beside it.
 */
export const effectNumber = (index: number): number => index + 1;

/** The index of an effect, in a status. */
export const effectIndex = () => integer(0, 500, 'Index of the effect in the plan, from 0. People count from 1: one more.');

/** An effect whose outcome is not known, as a status shows it. */
export const UnknownEffect = z.object({
  effect: effectIndex(),
  number: integer(
    1,
    501,
    'The number by which people name the effect: in `--effect`, in the annotation sentinel.dev/effect, in messages.',
  ).optional(),
  object: z.string().max(512).describe('What was written to: verb, resource, namespace and name.'),
  why: z.string().max(1024).describe('What may have happened, and why it cannot be known.'),
});

/** What became of one resolution. */
export const Resolved = z.object({
  effect: effectIndex(),
  resolution: Resolution.describe('What the person decided.'),
  user: z.string().max(512).describe('Who decided.'),
  time: time('When.'),
  outcome: z
    .enum(['Applied', 'Refused'])
    .describe("What the gateway did about it. After 'Refused' the outcome of the effect may still be unknown."),
  message: z.string().max(512).describe('What it came to, for people.'),
});
export type Resolved = z.infer<typeof Resolved>;
