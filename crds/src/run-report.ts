import { z } from 'zod';
import type { RiskLevel } from './v1alpha1/fields.ts';
import { ActionPlanPartSpec, type ActionPlanSpec, Effect, FieldChange, type RiskPart } from './v1alpha1/plan.ts';
import { Resolved } from './v1alpha1/resolution.ts';

/** How many fields of one effect the rules of risk look at. */
export const OBSERVED_FIELDS_MAX = 1000;

/** A write that a rehearsal saw: an effect that has no place in a plan yet, with values as long as they are. */
export const ObservedEffect = Effect.omit({ index: true }).extend({
  change: z
    .array(FieldChange.extend({ before: z.string().optional(), after: z.string().optional() }))
    .max(OBSERVED_FIELDS_MAX)
    .optional(),
});
export type ObservedEffect = z.infer<typeof ObservedEffect>;

/** A plan as the gateway reckons it, without what only the operator counts: earlier runs. */
export interface PlanDraft {
  readonly plan: Omit<ActionPlanSpec, 'recording' | 'risk' | 'required'>;
  /** The parts of the risk, without those of earlier runs. */
  readonly parts: readonly RiskPart[];
  /** Of which earlier runs the parts that are left out may speak. */
  readonly history: { readonly playbook: string; readonly namespace: string };
  /** What is required at each level that the risk may come to be. */
  readonly byRisk: {
    readonly [level in RiskLevel]?: {
      readonly required: Omit<ActionPlanSpec['required'], 'personBecause'>;
      /** Why a person is needed, but for runs that are still missing; left out where no policy lets a plan of this risk start without. */
      readonly reasons?: readonly string[];
      /** How many runs must have succeeded before one may start without a person. */
      readonly runs: number;
    };
  };
}

/** What the gateway knows of a run, as the operator asks for it at `/sentinel/v1/runs/JOB-UID`. */
export const RunReport = z.object({
  /** Whether a pod has claimed the run. */
  claimed: z.boolean(),
  /** Why its pod was not served: a code for programs, and a sentence for people. Missing when the run was claimed. */
  notServed: z.object({ code: z.string(), why: z.string() }).optional(),
  /** Address of the replica that holds a rehearsal's effects in memory. */
  replica: z.string().optional(),
  /** Why the run was blocked. */
  blocked: z.string().optional(),
  /** Whether the gateway saw every check of a verification end well, whatever became of its pod since; missing when it did not. */
  verified: z.boolean().optional(),
  /** What the gateway states of the run or the rehearsal, sealed by its own key; missing where it knows none. */
  statement: z.string().optional(),
  /** Indices of the effects that were carried out. */
  consumed: z.array(z.int()),
  /** The effects whose outcome is not known: what was written to, what may have happened, and why it cannot be known. */
  unknown: z.array(z.object({ effect: z.int(), object: z.string(), why: z.string() })),
  /** Indices of the effects that a person accepted as they stand; missing where there is none. */
  accepted: z.array(z.int()).optional(),
  /** Indices of the effects that were carried out and that a person had rolled back; missing where there is none. */
  rolledBack: z.array(z.int()).optional(),
  /** What became of what people decided on effects whose outcome was unknown; missing where nobody did. */
  resolutions: z.array(Resolved).optional(),
  /** Why approved effects were refused in the end; missing where none was. */
  refused: z.array(z.object({ effect: z.int(), why: z.string() })).optional(),
  /** What a rehearsal recorded; missing when another replica holds it, or nobody does. */
  recorded: z
    .object({
      effects: z.array(ObservedEffect),
      /** The plan as it is sealed; missing where there is no effect, or where `fault` says why there is none. */
      draft: z.custom<PlanDraft>((value) => typeof value === 'object' && value !== null).optional(),
      fault: z.string().optional(),
      /** What of the changes has no room in a plan. Recordings of older versions have no parts. */
      parts: z.array(ActionPlanPartSpec).optional(),
      /** Digest of the recording that the gateway keeps. */
      digest: z.string(),
    })
    .optional(),
});
export type RunReport = z.infer<typeof RunReport>;
