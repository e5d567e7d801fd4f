import { z } from 'zod';
import { integer, mapList } from './fields.ts';

/** When a Playbook runs without a request. Part of its digest, so that whoever trusts the Playbook trusts its schedule. */
export const ScheduleSpec = z
  .object({
    cron: z
      .string()
      .min(1)
      .max(128)
      .describe(
        "When, with the grammar of a CronJob: five fields or a macro such as '@daily'. '@every' and 'TZ=' are refused, and so is a day that never comes.",
      ),
    timeZone: z
      .string()
      .min(1)
      .max(64)
      .describe(
        'Time zone of the expression, by its name in the time zone database. A time that daylight saving skips is due an hour later that night; one that it repeats is due once. Hours that are written with a star follow elapsed time.',
      )
      .default('Etc/UTC'),
    suspend: z.boolean().describe('Whether the schedule pauses. What was due meanwhile is not made up for.').default(false),
    startingDeadlineSeconds: integer(30, 86_400, 'How late an action may be filed. What was due before that is missed.').default(
      300,
    ),
    parameters: mapList(
      z.object({
        name: z.string().min(1).max(63).describe('Name of the parameter.'),
        value: z.string().max(1024).describe('Its value.'),
      }),
      'name',
      32,
      'Values for the parameters of the Playbook, in each action of the schedule.',
    ).optional(),
  })
  .describe('When the Playbook runs without a request.');
export type ScheduleSpec = z.infer<typeof ScheduleSpec>;
