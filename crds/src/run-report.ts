import { z } from 'zod';
import type { RiskLevel } from './v1alpha1/fields.ts';
import { ActionPlanPartSpec, type ActionPlanSpec, Effect, FieldChange, type RiskPart } from './v1alpha1/plan.ts';
import { Resolved } from './v1alpha1/resolution.ts';

/** How many fields of one effect the risk rules read. */
export const OBSERVED_FIELDS_MAX = 1000;

/** A write that a rehearsal observed: an effect that is not part of a plan yet, with its values in full length. */
export const ObservedEffect = Effect.omit({ index: true }).extend({
  change: z
    .array(FieldChange.extend({ before: z.string().optional(), after: z.string().optional() }))
    .max(OBSERVED_FIELDS_MAX)
    .optional(),
});
export type ObservedEffect = z.infer<typeof ObservedEffect>;

/** A plan as the gateway computes it, without the earlier runs, which only the operator counts. */
export interface PlanDraft {
  readonly plan: Omit<ActionPlanSpec, 'recording' | 'risk' | 'required'>;
  /** The parts of the risk, without those of earlier runs. */
  readonly parts: readonly RiskPart[];
  /** The kinds of earlier runs that the omitted parts may be about. */
  readonly history: { readonly playbook: string; readonly namespace: string };
  /** The requirements at each level that the final risk can have. */
  readonly byRisk: {
    readonly [level in RiskLevel]?: {
      readonly required: Omit<ActionPlanSpec['required'], 'personBecause'>;
      /** Why a person must approve, apart from too few earlier runs. Omitted if no policy lets a plan of this risk start without approval. */
      readonly reasons?: readonly string[];
      /** How many runs must have succeeded before one may start without a person. */
      readonly runs: number;
    };
  };
}

/** What the gateway knows about a run, as the operator asks for it at `/sentinel/v1/runs/JOB-UID`. */
export const RunReport = z.object({
  /** Whether a pod has claimed the run. */
  claimed: z.boolean(),
  /** Why its pod was not served: a code for programs, and a sentence for people. Missing when the run was claimed. */
  notServed: z.object({ code: z.string(), why: z.string() }).optional(),
  /** Address of the replica that holds a rehearsal's effects in memory. */
  replica: z.string().optional(),
  /** Why the run was blocked. */
  blocked: z.string().optional(),
  /** The write for which the run was blocked, and why no amendment is offered, if none is; missing where no unforeseen write blocked it. */
  amendment: z.object({ refused: z.string(), reason: z.string().optional() }).optional(),
  /** Whether the gateway saw every check of a verification succeed, even if its pod was deleted since; missing if it did not. */
  verified: z.boolean().optional(),
  /** The statement of the gateway about the run or the rehearsal, sealed with its own key; missing if the gateway does not know the run. */
  statement: z.string().optional(),
  /** Indices of the effects that were carried out. */
  consumed: z.array(z.int()),
  /** The effects whose outcome is not known: what was written to, what may have happened, and why it cannot be known. */
  unknown: z.array(z.object({ effect: z.int(), object: z.string(), why: z.string() })),
  /** Indices of the effects that a person accepted without changing them; missing if there is none. */
  accepted: z.array(z.int()).optional(),
  /** Indices of the effects that were carried out and that a person had rolled back; missing if there is none. */
  rolledBack: z.array(z.int()).optional(),
  /** The results of the decisions of people on effects whose outcome was unknown; missing if there was no decision. */
  resolutions: z.array(Resolved).optional(),
  /** Why approved effects were refused in the end; missing where none was. */
  refused: z.array(z.object({ effect: z.int(), why: z.string() })).optional(),
  /** The recording of a rehearsal; missing if another replica holds it, or if it was lost. */
  recorded: z
    .object({
      effects: z.array(ObservedEffect),
      /** The plan as it is sealed; missing if there is no effect, or where `fault` says why there is none. */
      draft: z.custom<PlanDraft>((value) => typeof value === 'object' && value !== null).optional(),
      fault: z.string().optional(),
      /** The changes that do not fit into a plan. Recordings of older versions have no parts. */
      parts: z.array(ActionPlanPartSpec).optional(),
      /** Digest of the recording that the gateway keeps. */
      digest: z.string(),
    })
    .optional(),
});
export type RunReport = z.infer<typeof RunReport>;
