import { z } from 'zod';
import { digest, integer, objectName, text, uid } from '../fields.ts';

/** How many amendments there are at most after the first blocked run. */
export const AMENDMENTS_MAX = 2;

/** The plan that another one amends. */
export const Amends = z
  .object({
    action: z
      .object({ name: objectName('Name of the action.'), uid: uid('Its uid.') })
      .describe('The action whose run was blocked.'),
    plan: z
      .object({ name: objectName('Name of the ActionPlan.'), digest: digest('Digest of its spec.') })
      .describe('The plan that it ran.'),
    round: integer(1, AMENDMENTS_MAX, 'Which amendment this is, counted from the first blocked run.'),
    refused: text(512, 'The write that was refused.'),
    why: text(2048, 'Why it was refused.'),
    effect: integer(
      0,
      499,
      'Index of the effect that the refused write makes here. Left out if it changes nothing any more, or if the rehearsal made it by itself.',
    ).optional(),
  })
  .describe('The plan that this one amends. Set for an action with `amends`.');
