import { z } from 'zod';
import { duration, integer, list, quantity, text } from '../fields.ts';
import { AMENDMENTS_MAX } from '../plan.ts';

/** Upper bounds. */
export const limits = z
  .object({
    duration: duration('How long one Job of an action may run.').optional(),
    objects: integer(1, 500, 'How many objects one action may change.').optional(),
    concurrent: integer(
      1,
      1000,
      'How many real runs may be in progress at the same time, over all actions that the policy covers. Other runs wait in the order in which they were approved.',
    ).optional(),
    sandboxes: integer(
      1,
      1000,
      'How many sandboxes one namespace may have at the same time, for rehearsals, runs and checks. Other Jobs wait. If it is two or more, one of them is reserved for real runs. Without this limit, namespaces share all sandboxes fairly.',
    ).optional(),
    open: integer(
      1,
      10000,
      'How many actions of one namespace may be open at the same time, that is created and not ended. If no policy sets it, 100; a policy of a namespace can only lower it.',
    ).optional(),
    storage: quantity(
      'How much may be stored for the actions of one namespace, ended ones included: the actions, their plans, and what the ledger keeps for them, such as `64Mi`. An action that would exceed it is not admitted. If no policy sets it, 64Mi; a policy of a namespace can only lower it.',
    ).optional(),
    perDay: integer(
      1,
      100000,
      'How many actions one requester may create in 24 hours. An edit that causes a new rehearsal counts as another action.',
    ).optional(),
    escalationsPerHour: integer(
      1,
      1000,
      'How many plans of one requester may be submitted for approval in an hour. More plans are refused until the hour is over.',
    ).optional(),
    revisions: integer(
      0,
      20,
      'How often people may ask for changes of one action. After that they approve or reject it. If no ClusterAgentPolicy sets it, 3; a policy of a namespace can only lower it.',
    ).optional(),
    amendments: integer(
      0,
      AMENDMENTS_MAX,
      'How often the plan of an action may be amended after its run was blocked; 0 switches that off. The lowest of all policies counts. If no policy sets it, 2.',
    ).optional(),
    children: integer(
      0,
      100,
      'How many children one action may have: actions that name it as their `parentAction`. If no policy sets it, none.',
    ).optional(),
    depth: integer(0, 10, 'How many ancestors an action may have. If no policy sets it, one.').optional(),
    coolDown: duration(
      'The cool-down: how long a Playbook cannot run in a namespace after one of its runs failed, was blocked or was rolled back.',
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
    reason: text(256, 'Why; shown to everyone whose action is held by it.'),
  }),
  16,
  'Times in which no real run starts. Actions that are approved in that time wait.',
).optional();
