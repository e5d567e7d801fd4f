import { z } from 'zod';
import { duration, integer, list, quantity, text } from '../fields.ts';

/** Upper bounds. */
export const limits = z
  .object({
    duration: duration('How long one Job of an action may run.').optional(),
    objects: integer(1, 500, 'How many objects one action may change.').optional(),
    concurrent: integer(
      1,
      1000,
      'How many real runs may be under way at the same time, over all that the policy covers. The others wait in the order in which they were approved.',
    ).optional(),
    sandboxes: integer(
      1,
      1000,
      'How many sandboxes one namespace may have at the same time, for rehearsals, runs and checks. The others wait. Where it is two or more, one of them is for real runs. Without it, namespaces share all sandboxes fairly.',
    ).optional(),
    open: integer(
      1,
      10000,
      'How many actions of one namespace may be open at the same time: filed, and not ended. Where no policy says, 100; a policy of a namespace can only lower it.',
    ).optional(),
    storage: quantity(
      'How much may be stored for the actions of one namespace, ended ones included: the actions, their plans, and what the ledger keeps for them, such as `64Mi`. What would be more is not admitted. Where no policy says, 64Mi; a policy of a namespace can only lower it.',
    ).optional(),
    perDay: integer(
      1,
      100000,
      'How many actions one requester may file in 24 hours. An edit that starts over counts like another one.',
    ).optional(),
    escalationsPerHour: integer(
      1,
      1000,
      'How many plans of one requester may wait for people in an hour. One that asks more often is refused until the hour is over.',
    ).optional(),
    children: integer(
      0,
      100,
      'How many children one action may have: actions that name it as their `parentAction`. Where no policy says, none.',
    ).optional(),
    depth: integer(0, 10, 'How many ancestors an action may have. Where no policy says, one.').optional(),
    coolDown: duration(
      'How long a Playbook rests in a namespace after one of its runs failed, was blocked or was taken back.',
    ).optional(),
  })
  .describe('Upper bounds.')
  .optional();

/** Times in which no real run starts. */
export const freeze = list(
  z.object({
    schedule: z.string().min(1).max(128).describe('When the freeze begins, as a cron expression.'),
    timeZone: z
      .string()
      .min(1)
      .max(64)
      .describe('Time zone of the schedule, such as Europe/Berlin. UTC when left out.')
      .optional(),
    duration: duration('How long it lasts.'),
    reason: text(256, 'Why; shown to whoever is stopped by it.'),
  }),
  16,
  'Times in which no real run starts. What is approved meanwhile waits.',
).optional();
