import { z } from 'zod';
import { Effect } from './v1alpha1/plan.ts';

/** A write that a rehearsal saw: an effect that has no place in a plan yet. */
export const ObservedEffect = Effect.omit({ index: true });
export type ObservedEffect = z.infer<typeof ObservedEffect>;

/** What the gateway knows of a run, as the operator asks for it at `/sentinel/v1/runs/JOB-UID`. */
export const RunReport = z.object({
  /** Whether a pod has claimed the run. */
  claimed: z.boolean(),
  /** Address of the replica that holds a rehearsal's effects in memory. */
  replica: z.string().optional(),
  /** Why the run was blocked. */
  blocked: z.string().optional(),
  /** Indices of the effects that were carried out. */
  consumed: z.array(z.int()),
  /** Indices of the effects whose outcome is not known. */
  unknown: z.array(z.int()),
  /** Why approved effects were refused in the end; missing where none was. */
  refused: z.array(z.object({ effect: z.int(), why: z.string() })).optional(),
  /** What a rehearsal recorded; missing when another replica holds it, or nobody does. */
  recorded: z
    .object({
      effects: z.array(ObservedEffect),
      /** The effects as a plan shows them: what policy hides is hidden. */
      shown: z.array(Effect),
      /** Reads, as `verb resource.group`. */
      reads: z.array(z.string()),
      notObservable: z.array(z.string()),
      /** Digest of the recording that the gateway keeps. */
      digest: z.string(),
    })
    .optional(),
});
export type RunReport = z.infer<typeof RunReport>;
